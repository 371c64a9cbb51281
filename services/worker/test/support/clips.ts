import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'

const run = promisify(execFile)

/** Creates a folder that is removed after the file's last test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-worker-test-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Creates a source with ffmpeg, without any of our limits. */
export async function createClip(folder: string, name: string, ...args: string[]): Promise<string> {
  const path = join(folder, name)
  await run('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', ...args, path])
  return path
}

/** Input options of a moving test video. */
export function testVideo(seconds: number, { size = '320x180', rate = '25' } = {}): string[] {
  return ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`]
}

/** Input options of a tone. */
export function tone(seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`]
}

export const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast']
export const AAC = ['-c:a', 'aac']

export interface StreamFacts {
  codec_name: string
  width: number
  height: number
  pix_fmt: string
  color_space?: string
  channels: number
  sample_rate: string
  nb_read_frames?: string
  has_b_frames?: number
}

/** The streams that ffprobe finds in a file or playlist when it decodes everything. */
export async function inspect(path: string): Promise<StreamFacts[]> {
  const args = ['-v', 'error', '-allowed_extensions', 'ALL', '-count_frames', '-show_streams', '-of', 'json', path]
  const { stdout } = await run(
    'ffprobe',
    path.endsWith('.m3u8') ? args : args.filter((arg) => !/allowed|ALL/.test(arg)),
  )
  return JSON.parse(stdout).streams
}
