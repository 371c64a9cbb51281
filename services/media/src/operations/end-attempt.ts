import { type TaskCause, warningOf } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import type { TaskRow, Tx } from '../db/schema.ts'
import { encodingTasksFor, isAdditionalAudio, isHevc, isOptional } from '../domain/plan.ts'
import type { VideoWork } from '../domain/segments.ts'
import { countFailure, type Failures, mayRetry, retryDelayMs, WORKER_LOST } from '../domain/task-retry.ts'
import { setAudioTrackStatus } from '../repositories/audio-tracks.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { markUnpublished } from '../repositories/publications.ts'
import { deleteParts, discardFiles, hasParts } from '../repositories/segments.ts'
import { attemptEnded } from '../repositories/task-attempts.ts'
import {
  addTasks,
  awaitNextAttempt,
  cancelTasks,
  enqueue,
  failTask,
  type Lease,
  replaceTask,
} from '../repositories/tasks.ts'
import { addWarnings, dropHevcRung } from '../repositories/video-states.ts'
import { getVideo } from '../repositories/videos.ts'
import { unreadableSubtitles } from './source-captions.ts'
import { endSpeculation } from './speculative-segments.ts'
import { endStill } from './stills.ts'
import { transcriptFailed } from './transcripts.ts'

/*
 * How an attempt ends without a result. Each function runs under the lock of its video and returns false when the attempt
 * had ended already: of two processes that see the same stale lease, one acts.
 */

/**
 * The worker reported a failure: the next attempt follows after a pause, or the task is done differently, or the video fails.
 */
export async function attemptFailed(tx: Tx, task: TaskRow, lease: Lease, cause: TaskCause): Promise<boolean> {
  const failures = countFailure(cause, await failuresBefore(tx, task, lease))
  const again = isTriedAgain(task, cause, failures)
  const ended = again
    ? await awaitNextAttempt(tx, lease, failures, retryDelayMs(failures, Math.random()))
    : await endForGood(tx, task, lease, cause, failures)
  if (!ended) return false
  await supersede(tx, task, lease, 'failed', cause)
  // The published playlists may be what is wrong: they are written again before the next check.
  if (task.kind === 'finalise') await markUnpublished(tx, task.video_id)
  if (!again && !(await encodeInstead(tx, task, true))) await abort(tx, task)
  return true
}

/**
 * The worker has stopped. Its task becomes queued again at once; with `send` false no message is sent, because the caller
 * takes the next attempt itself.
 */
export async function attemptLost(tx: Tx, task: TaskRow, lease: Lease, send: boolean): Promise<boolean> {
  const failures = countFailure(WORKER_LOST, await failuresBefore(tx, task, lease))
  const again = isTriedAgain(task, WORKER_LOST, failures)
  const ended = again
    ? await awaitNextAttempt(tx, lease, failures, null)
    : await endForGood(tx, task, lease, WORKER_LOST, failures)
  if (!ended) return false
  await supersede(tx, task, lease, 'lost', WORKER_LOST)
  if (again) await enqueue(tx, [task.id], send)
  else if (!(await encodeInstead(tx, task, send))) await abort(tx, task)
  return true
}

/** The worker stops and gives the task back; this counts as no failure. */
export async function attemptReleased(tx: Tx, task: TaskRow, lease: Lease): Promise<boolean> {
  const failures = { host: task.host_failures, memory: task.memory_failures }
  if (!(await awaitNextAttempt(tx, lease, failures, null))) return false
  await supersede(tx, task, lease, 'released', null)
  await enqueue(tx, [task.id])
  return true
}

/** An attempt that recorded segments proves that the task can succeed: earlier failures no longer count against it. */
async function failuresBefore(tx: Tx, task: TaskRow, lease: Lease): Promise<Failures> {
  if (await hasParts(tx, lease)) return { host: 0, memory: 0 }
  return { host: task.host_failures, memory: task.memory_failures }
}

/** A speculative task is never retried: the whole source will allow the same work. */
function isTriedAgain({ kind, early_share: share }: TaskRow, cause: TaskCause, failures: Failures): boolean {
  return share === null && mayRetry(kind, cause, failures)
}

/** Ends a task that is not retried as it is. A remux waits, because it is replaced by encoding tasks. */
async function endForGood(tx: Tx, task: TaskRow, lease: Lease, cause: TaskCause, failures: Failures): Promise<boolean> {
  return remuxOf(task) ? await awaitNextAttempt(tx, lease, failures, null) : await failTask(tx, lease, cause, failures)
}

async function supersede(
  tx: Tx,
  task: TaskRow,
  lease: Lease,
  state: 'failed' | 'lost' | 'released',
  cause: TaskCause | null,
): Promise<void> {
  await attemptEnded(tx, lease, state, cause)
  await discardFiles(tx, task.video_id, lease)
}

/** A failed task fails its video and cancels the rest, unless the task is optional. */
async function abort(tx: Tx, task: TaskRow): Promise<void> {
  const { video_id: videoId, early_share: share } = task
  if (task.kind === 'still') return await endStill(tx, task, null)
  if (share === null && isAdditionalAudio(task)) await leaveOutAudio(tx, task)
  if (task.params.kind === 'subtitles') await addWarnings(tx, videoId, unreadableSubtitles(task.params))
  if (task.params.kind === 'transcribe') await addWarnings(tx, videoId, transcriptFailed(task.params))
  if (isHevc(task)) await dropHevcRung(tx, videoId)
  if (share === null && isOptional(task)) return
  await endSpeculation(tx, videoId)
  if (share !== null) return
  for (const { id, attempt } of await cancelTasks(tx, videoId)) {
    await discardFiles(tx, videoId, { taskId: id, attempt })
  }
}

/** The video goes on without a track that cannot be encoded. Nothing of it was published. */
async function leaveOutAudio(tx: Tx, { id, params, attempt: last, video_id: videoId }: TaskRow): Promise<void> {
  if (params.kind !== 'audio') return
  await deleteParts(tx, id)
  for (let attempt = 1; attempt <= last; attempt += 1) {
    await queueFolderDeletion(tx, keys.attempt(videoId, id, attempt))
  }
  const stream = (params.streamIndex ?? params.facts.audio?.streamIndex ?? 0) + 1
  const named = params.added
    ? `Added audio track ${params.track}`
    : params.channels
      ? `The 5.1 of audio track ${stream}`
      : `Audio track ${stream}`
  if (!params.channels && params.track !== undefined) await setAudioTrackStatus(tx, videoId, [params.track], 'failed')
  const detail = `${named} is not part of the video: it cannot be decoded.`
  await addWarnings(tx, videoId, [warningOf('AUDIO_TRACK_SKIPPED', detail)])
}

/** After all tasks of a plan, before those of a video that is ready. */
const FIRST_ORDINAL = 500_000

/**
 * Encodes the rendition that a task was to remux; false for all other tasks. The task itself, whose next attempt waits,
 * becomes the first that encodes; the others are added. Nothing of the remux was recorded, so nothing of it is published.
 */
async function encodeInstead(tx: Tx, task: TaskRow, send: boolean): Promise<boolean> {
  const remux = remuxOf(task)
  if (!remux) return false
  const { plan } = await getVideo(tx, task.video_id)
  const [first, ...others] = plan ? encodingTasksFor(plan, remux) : []
  if (!first) throw new Error('a video with a remux task has no plan')
  await replaceTask(tx, task.id, first)
  const added = others.map((other, index) => ({ ...other, ordinal: FIRST_ORDINAL + index }))
  if (added.length > 0) await addTasks(tx, task.video_id, added)
  await enqueue(tx, [task.id], send)
  return true
}

/** The work of a task that remuxes a rendition of the ladder; null for all others. */
function remuxOf({ params, kind, ordinal }: TaskRow): VideoWork | null {
  return params.kind === 'video' && params.copied && !isHevc({ kind, ordinal }) ? params : null
}
