import { createHash } from 'node:crypto'
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findBox, type InitSegment, readSegment, type Segment } from '@kinora/formats/mp4'
import { hostFault } from '../domain/task-failure.ts'

export interface LocalSegment extends Segment {
  /** Hex. */
  sha256: string
}

/** Reads a segment that ffmpeg has just written. Throws a host fault when it is missing or malformed. */
export async function readLocalSegment(path: string, init: InitSegment): Promise<LocalSegment> {
  try {
    const bytes = await readFile(path)
    return { ...readSegment(bytes, init), sha256: createHash('sha256').update(bytes).digest('hex') }
  } catch (error) {
    throw hostFault('VERIFICATION_FAILED', 'A segment was not written completely.', String(error))
  }
}

/**
 * With a fragment for each key frame, ffmpeg's HLS muxer writes the fragments before the first cut to `init.mp4`, after its
 * header, and only the `styp` box of the first segment to the segment's file. Moves the fragments to the segment, unless
 * that was done before. Returns the initialisation segment without fragments.
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

/**
 * Appends the segment after this one, which is too short to be one, and removes it. Its fragments follow those of this
 * segment without a gap.
 */
export async function appendTail(folder: string, number: number): Promise<void> {
  const path = join(folder, `${number + 1}.m4s`)
  const tail = await readFile(path)
  await appendFile(join(folder, `${number}.m4s`), tail.subarray(findBox(tail, ['styp'])?.end ?? 0))
  await rm(path)
}
