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
  const audio = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`]
  await ffmpeg(...video, ...audio, '-c:v', 'copy', '-c:a', 'aac', '-movflags', '+faststart', film)
  return film
}

async function createUnit(folder: string): Promise<string> {
  const unit = join(folder, 'unit.mp4')
  const frames = ['-f', 'lavfi', '-i', `testsrc2=size=1920x1080:rate=30:duration=${UNIT_SECONDS},noise=alls=6:allf=t`]
  const encode = ['-c:v', 'libx264', '-preset', 'superfast', '-b:v', '6M', '-maxrate', '6M', '-bufsize', '12M']
  await ffmpeg(...frames, ...encode, '-pix_fmt', 'yuv420p', unit)
  return unit
}

async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-loglevel', 'error', ...args])
}
