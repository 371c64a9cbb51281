import type { EventData } from '@kinora/common/contract'
import type { events, TaskResult } from '@kinora/common/contracts'
import { firstTimeSeen } from '@kinora/common/db'
import { keys } from '@kinora/common/storage'
import type { Transaction } from 'kysely'
import type { Context } from '../context.ts'
import type { MediaDb, TaskRow, VideoRow } from '../db/schema.ts'
import { checkResult } from '../domain/check-result.ts'
import { attemptFailed } from '../repositories/attempt-outcomes.ts'
import { changeVideo } from '../repositories/change-video.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { finishedParts } from '../repositories/publications.ts'
import { planWork } from '../repositories/sources.ts'
import { completeAttempt, findTask, holdsLease, type Lease } from '../repositories/tasks.ts'

type Tx = Transaction<MediaDb>

/**
 * A worker has written all files of an attempt. Only the attempt that holds the lease counts; what a late one wrote is
 * removed. The playlists follow after the commit, because they may show committed facts only.
 */
export async function taskFinished(
  ctx: Context,
  { result, ...lease }: EventData<(typeof events)['task.finished']>,
  eventId: string,
): Promise<void> {
  const task = await findTask(ctx.db, lease.taskId)
  // Its video was deleted, and with it whatever the attempt may have written.
  if (!task) return
  await changeVideo(ctx, task.video_id, async (tx, video) => {
    if (!(await firstTimeSeen(tx, eventId))) return
    const current = await findTask(tx, lease.taskId)
    if (!current) return
    const outcome = holdsLease(current, lease)
      ? await finish(ctx, tx, video, current, lease, result)
      : await discard(tx, current, lease)
    ctx.metrics.attempts.inc({ kind: current.kind, outcome })
  })
}

async function finish(
  ctx: Context,
  tx: Tx,
  video: VideoRow,
  task: TaskRow,
  lease: Lease,
  result: TaskResult,
): Promise<'done' | 'failed'> {
  const { parts } = await finishedParts(tx, video.id)
  const fault = checkResult(task.params, result, parts)
  if (fault) {
    ctx.logger.warn({ taskId: task.id, attempt: task.attempt, code: fault.code }, 'a result was refused')
    await attemptFailed(tx, task, lease, fault)
    return 'failed'
  }
  await completeAttempt(tx, lease, result)
  if (result.kind === 'probe') await planWork(tx, video, result, ctx.config.MAX_RENDITION)
  return 'done'
}

async function discard(tx: Tx, task: TaskRow, { attempt }: Lease): Promise<'late'> {
  // The same news under another id must not remove the files of the attempt that counts.
  const superseded = attempt < task.attempt || task.state === 'cancelled' || task.state === 'failed'
  if (superseded) await queueFolderDeletion(tx, keys.attempt(task.video_id, task.id, attempt))
  return 'late'
}
