import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type InitSegment, readSegment, type Segment } from '@kinora/hls-check/mp4'
import { hostFault } from '../task-failure.ts'

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
