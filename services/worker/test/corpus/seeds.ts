import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AAC, createClip, testVideo, tone } from '../support/clips.ts'
import type { Seeds } from './hostile-file.ts'

/** So small that encoding costs less than starting ffmpeg. */
export const SIZE = '160x96'
const BASELINE = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-profile:v',
  'baseline',
  '-pix_fmt',
  'yuv420p',
  '-g',
  '10',
]

/** Creates the good clips in `folder`. */
export async function createSeeds(folder: string, secretUrl: string): Promise<Seeds> {
  const source = [...testVideo(1, { size: SIZE }), ...tone(1)]
  const mp4 = await createClip(folder, 'seed.mp4', ...source, ...BASELINE, ...AAC, '-movflags', '+faststart')
  const [ts, h264] = await Promise.all([
    createClip(folder, 'seed.ts', '-i', mp4, '-c', 'copy', '-muxdelay', '0'),
    createClip(folder, 'seed.h264', '-i', mp4, '-an', '-c:v', 'copy', '-bsf:v', 'h264_mp4toannexb'),
  ])
  const secretPath = join(folder, 'secret.txt')
  await writeFile(secretPath, 'nobody may read this')
  const bytes = { mp4: await readFile(mp4), ts: await readFile(ts), h264: await readFile(h264) }
  return { folder, secretPath, secretUrl, ...bytes }
}
