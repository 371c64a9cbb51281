import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const SECONDS = '20'

/** Writes an MP4 of moving test picture with a tone: 1280×720, 30 frames a second, H.264 and AAC. */
export async function makeClip(file: string): Promise<void> {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30']
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000']
  const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
  const args = ['-hide_banner', '-loglevel', 'error', ...picture, ...tone, '-t', SECONDS, ...codecs, '-y', file]
  await promisify(execFile)('ffmpeg', args)
}
