import { createHash } from 'node:crypto'
import { appendFile, readFile, rm } from 'node:fs/promises'
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
 * Appends the segment after this one, which is too short to be one, and removes it. Its fragments follow those of this
 * segment without a gap.
 */
export async function appendTail(folder: string, number: number): Promise<void> {
  const path = join(folder, `${number + 1}.m4s`)
  const tail = await readFile(path)
  await appendFile(join(folder, `${number}.m4s`), tail.subarray(findBox(tail, ['styp'])?.end ?? 0))
  await rm(path)
}
