import type { TaskCause } from '@kinora/common/contracts'
import { sql } from 'kysely'
import type { TaskRow, Tx } from '../db/schema.ts'
import { isOptional, tasksInstead } from '../domain/plan.ts'
import { countFailure, type Failures, mayRetry, retryDelayMs, WORKER_LOST } from '../domain/retry.ts'
import type { VideoWork } from '../domain/segments.ts'
import { discardFiles, hasParts } from '../repositories/segments.ts'
import { attemptEnded } from '../repositories/task-attempts.ts'
import { addTasks, awaitNextAttempt, cancelTasks, enqueue, failTask, type Lease } from '../repositories/tasks.ts'
import { findVideo } from '../repositories/videos.ts'
import { endHeadStart } from './speculative-segments.ts'

/*
 * How an attempt ends without a result. Each runs under the lock of its video, and each returns false when the attempt
 * had ended already: of two that see the same stale lease, one acts.
 */

/** The worker said why it failed: the next attempt comes after a pause, or another way is taken, or the video has failed. */
export async function attemptFailed(tx: Tx, task: TaskRow, lease: Lease, cause: TaskCause): Promise<boolean> {
  const failures = countFailure(cause, await failuresBefore(tx, task, lease))
  const again = isTriedAgain(task, cause, failures)
  const ended = again
    ? await awaitNextAttempt(tx, lease, failures, retryDelayMs(failures, Math.random()))
    : await endForGood(tx, task, lease, cause, failures)
  if (!ended) return false
  await supersede(tx, task, lease, 'failed', cause)
  // What was published may be what is wrong: it is written again before the next check.
  if (task.kind === 'finalise') await republish(tx, task.video_id)
  if (!again && !(await takeOtherWay(tx, task, true))) await giveUp(tx, task)
  return true
}

/**
 * The worker is gone. Its task becomes queued again at once; with `send` false no message is sent, because the caller
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
  else if (!(await takeOtherWay(tx, task, send))) await giveUp(tx, task)
  return true
}

/** The worker stops and gives the task back: nobody's fault. */
export async function attemptReleased(tx: Tx, task: TaskRow, lease: Lease): Promise<boolean> {
  const failures = { host: task.host_failures, memory: task.memory_failures }
  if (!(await awaitNextAttempt(tx, lease, failures, null))) return false
  await supersede(tx, task, lease, 'released', null)
  await enqueue(tx, [task.id])
  return true
}

/** An attempt that took the task further shows that it can be done: what failed before does not count against it any more. */
async function failuresBefore(tx: Tx, task: TaskRow, lease: Lease): Promise<Failures> {
  if (await hasParts(tx, lease)) return { host: 0, memory: 0 }
  return { host: task.host_failures, memory: task.memory_failures }
}

/** Nobody waits for a head start; what can be made from the beginning can be made from the whole. */
function isTriedAgain({ kind, early_share: share }: TaskRow, cause: TaskCause, failures: Failures): boolean {
  return share === null && mayRetry(kind, cause, failures)
}

/** Ends a task that is not tried again as it is; what can be done in another way waits for that. */
async function endForGood(tx: Tx, task: TaskRow, lease: Lease, cause: TaskCause, failures: Failures): Promise<boolean> {
  return copyWorkOf(task)
    ? await awaitNextAttempt(tx, lease, failures, null)
    : await failTask(tx, lease, cause, failures)
}

/** Pictures that cannot be copied can be encoded. False where there is no other way. */
async function takeOtherWay(tx: Tx, task: TaskRow, send: boolean): Promise<boolean> {
  const copy = copyWorkOf(task)
  if (!copy) return false
  await encodeInstead(tx, task, copy)
  await enqueue(tx, [task.id], send)
  return true
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

/** A failed task fails its video, so nobody needs the rest; unless the video does without it. */
async function giveUp(tx: Tx, { kind, video_id: videoId, early_share: share }: TaskRow): Promise<void> {
  if (share !== null) return await endHeadStart(tx, videoId)
  if (isOptional(kind)) return
  await endHeadStart(tx, videoId)
  for (const { id, attempt } of await cancelTasks(tx, videoId)) {
    await discardFiles(tx, videoId, { taskId: id, attempt })
  }
}

async function republish(tx: Tx, videoId: string): Promise<void> {
  await sql`update videos set republish = material_published > 0 where id = ${videoId}`.execute(tx)
}

/** Behind all tasks of a plan, before those of a video that is ready. */
const FIRST_ORDINAL = 500_000

/** The work of a task that copies pictures as they are; null for all others. */
function copyWorkOf({ params }: TaskRow): VideoWork | null {
  return params.kind === 'video' && params.copied ? params : null
}

/**
 * Has the rendition encoded that a task was to copy. The task itself, whose next attempt waits, becomes the first of those
 * that encode; the others are added. Nothing of the copy was recorded, so nothing of it is published.
 */
async function encodeInstead(tx: Tx, task: TaskRow, copy: VideoWork): Promise<void> {
  const plan = (await findVideo(tx, task.video_id))?.plan
  const [first, ...others] = plan ? tasksInstead(plan, copy) : []
  if (!first) throw new Error('a video whose pictures are copied has a plan')
  const { label, queue, weight, work } = first
  await tx
    .updateTable('tasks')
    .set({ label, queue, weight, params: JSON.stringify(work), host_failures: 0, memory_failures: 0 })
    .where('id', '=', task.id)
    .execute()
  const added = others.map((other, index) => ({ ...other, ordinal: FIRST_ORDINAL + index }))
  if (added.length > 0) await addTasks(tx, task.video_id, added)
}
