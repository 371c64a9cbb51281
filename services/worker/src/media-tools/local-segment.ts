import { readFile } from 'node:fs/promises'
import { type InitSegment, readSegment, type Segment } from '@kinora/hls-check/mp4'
import { hostFault } from '../task-failure.ts'

/** Reads a segment that ffmpeg has just written. Throws a host fault when it is missing or malformed. */
export async function readLocalSegment(path: string, init: InitSegment): Promise<Segment> {
  try {
    return readSegment(await readFile(path), init)
  } catch (error) {
    throw hostFault('VERIFICATION_FAILED', 'A segment was not written completely.', String(error))
  }
}
