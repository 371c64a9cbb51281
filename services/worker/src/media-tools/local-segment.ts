import { readFile } from 'node:fs/promises'
import { hostFault } from '../task-failure.ts'
import type { SampleDefaults } from './fragment.ts'
import { readSegment, type Segment } from './segment.ts'

/** Reads a segment that ffmpeg has just written. Throws a host fault when it is missing or malformed. */
export async function readLocalSegment(path: string, defaults: SampleDefaults): Promise<Segment> {
  try {
    const bytes = await readFile(path)
    return await readSegment(async (start, end) => bytes.subarray(start, end), bytes.length, defaults)
  } catch (error) {
    throw hostFault('VERIFICATION_FAILED', 'A segment was not written completely.', String(error))
  }
}
