import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const UNIT_SECONDS = 20
const made = new Map<string, Promise<string>>()

/**
 * Creates a film of so many minutes: a moving 1080p test image at about 6 Mbit/s with a tone; a short video is repeated
 * without encoding.
 */
export async function createFilm(folder: string, minutes: number): Promise<string> {
  const unit = made.get(folder) ?? createUnit(folder)
  made.set(folder, unit)
  const film = join(folder, `film-${minutes}.mp4`)
  const seconds = minutes * 60
  const video = ['-stream_loop', String(seconds / UNIT_SECONDS - 1), '-i', await unit]
  // One tone for the whole film: repeated audio would leave gaps between the repetitions.
  await ffmpeg(...video, ...tone(seconds), '-c:v', 'copy', '-c:a', 'aac', '-movflags', '+faststart', film)
  return film
}

/** Creates a clip of 3 s of 1080p at 60 frames a second with a tone, as a phone records it: key frames every second. */
export async function createPhoneClip(folder: string): Promise<string> {
  const clip = join(folder, 'phone.mp4')
  const encode = ['-c:v', 'libx264', '-preset', 'superfast', '-b:v', '16M', '-g', '60', '-pix_fmt', 'yuv420p']
  await ffmpeg(...testImage(3, 60), ...tone(3), ...encode, '-c:a', 'aac', clip)
  return clip
}

/** Creates a minute of 1080p in 10-bit HEVC, as phones record it; a short video is repeated without encoding. */
export async function createHevcFilm(folder: string): Promise<string> {
  const [unit, film] = [join(folder, 'hevc-unit.mp4'), join(folder, 'hevc.mp4')]
  const encode = ['-c:v', 'libx265', '-preset', 'ultrafast', '-b:v', '6M', '-x265-params', 'log-level=error:keyint=30']
  await ffmpeg(...testImage(6, 30), ...encode, '-pix_fmt', 'yuv420p10le', '-tag:v', 'hvc1', unit)
  await ffmpeg('-stream_loop', '9', '-i', unit, ...tone(60), '-c:v', 'copy', '-c:a', 'aac', '-tag:v', 'hvc1', film)
  return film
}

async function createUnit(folder: string): Promise<string> {
  const unit = join(folder, 'unit.mp4')
  const encode = ['-c:v', 'libx264', '-preset', 'superfast', '-b:v', '6M', '-maxrate', '6M', '-bufsize', '12M']
  await ffmpeg(...testImage(UNIT_SECONDS, 30), ...encode, '-pix_fmt', 'yuv420p', unit)
  return unit
}

function testImage(seconds: number, rate: number): string[] {
  return ['-f', 'lavfi', '-i', `testsrc2=size=1920x1080:rate=${rate}:duration=${seconds},noise=alls=6:allf=t`]
}

function tone(seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`]
}

async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-loglevel', 'error', ...args])
}
