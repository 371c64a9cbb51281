import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Creates a clip of 30 s with a tone: a moving test image with noise, so that encoding costs about as much as a film. */
export async function createClip(folder: string): Promise<string> {
  const path = join(folder, 'clip.mp4')
  const video = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30:duration=30,noise=alls=12:allf=t']
  const audio = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000:duration=30']
  const encode = ['-c:v', 'libx264', '-preset', 'superfast', '-crf', '26', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
  await promisify(execFile)('ffmpeg', ['-nostdin', '-loglevel', 'error', ...video, ...audio, ...encode, path])
  return path
}
