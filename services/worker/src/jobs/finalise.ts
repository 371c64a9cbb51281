import { checkPlayback } from '../playback-check/check-playback.ts'
import type { Job } from './job.ts'

/** Walks the published video as a player does. A broken rule is our fault, never the source's. */
export const finalise: Job<'finalise'> = async (work, { store, signal, progress }) => {
  const { bytes } = await checkPlayback(store, work, { signal, progress })
  return { kind: 'finalise', bytes }
}
