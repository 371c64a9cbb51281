import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findBox } from '@kinora/hls-check/mp4'

/**
 * With a fragment for each key frame, ffmpeg's HLS muxer writes what it has until the first cut behind the header into
 * `init.mp4`, and of the first segment only its `styp` box into its own file. Puts the fragments where they belong, if that
 * was not done yet. Gives the initialisation, header only.
 */
export async function completeFirstSegment(folder: string, number: number): Promise<Buffer> {
  const [initPath, segmentPath] = [join(folder, 'init.mp4'), join(folder, `${number}.m4s`)]
  const whole = await readFile(initPath)
  const moov = findBox(whole, ['moov'])
  if (!moov || moov.end === whole.length) return whole
  const segment = await readFile(segmentPath)
  const head = findBox(segment, ['styp'])?.end ?? 0
  const fragments = whole.subarray(moov.end)
  await writeFile(segmentPath, Buffer.concat([segment.subarray(0, head), fragments, segment.subarray(head)]))
  const init = whole.subarray(0, moov.end)
  await writeFile(initPath, init)
  return init
}
