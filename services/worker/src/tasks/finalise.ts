import { checkPresentation, FetchError, NotAPlaylist, type Report, type Verdict } from '@kinora/hls-check'
import { storeSource } from '../store-source.ts'
import { hostFault } from '../task-failure.ts'
import type { Job, JobContext, WorkOf } from './job.ts'

/** Walks the published video as a player does. A broken rule is our fault, never the source's. */
export const finalise: Job<'finalise'> = async (work, job) => {
  const { verdicts, playlists, bytes } = await check(work, job)
  const broken = verdicts.find(({ verdict }) => verdict === 'broken')
  if (broken) throw refused(broken)
  return { kind: 'finalise', bytes, verdicts, playlists }
}

async function check(work: WorkOf<'finalise'>, { store, signal, progress }: JobContext): Promise<Report> {
  const expected = { frames: work.frameCount, hasAudio: work.hasAudio, contents: work.contents ?? {} }
  try {
    return await checkPresentation(storeSource(store, work.playlistKey), { expected, signal, progress })
  } catch (error) {
    if (!(error instanceof NotAPlaylist || error instanceof FetchError)) throw error
    throw hostFault('VERIFICATION_FAILED', 'The finished video has no readable master playlist.', error.message)
  }
}

function refused({ rule, says, where }: Verdict): Error {
  const detail = `The finished video was checked and refused by rule ${rule}: ${says}.`
  return hostFault('VERIFICATION_FAILED', detail, where.join('; '))
}
