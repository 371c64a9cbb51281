import { checkPresentation, FetchError, NotAPlaylist, type Report, type Verdict } from '@kinora/hls-check'
import { hostFault } from '../domain/task-failure.ts'
import type { WorkOf } from '../domain/task-work.ts'
import { storeSource } from '../infra/published-video.ts'
import type { Task, TaskContext } from './task.ts'

/** Checks the published video as a player reads it. A broken rule is a fault of Kinora, never of the source. */
export const finalise: Task<'finalise'> = async (work, context) => {
  const { verdicts, playlists, bytes } = await check(work, context)
  const broken = verdicts.find(({ verdict }) => verdict === 'broken')
  if (broken) throw refused(broken)
  return { kind: 'finalise', bytes, verdicts, playlists }
}

async function check(work: WorkOf<'finalise'>, { store, signal, progress }: TaskContext): Promise<Report> {
  const { frameCount: frames, hasAudio, hasVideo = true, contents = {} } = work
  const expected = { frames, hasAudio, hasVideo, contents }
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
