import type { EventData } from '@kinora/common/contract'
import { type events, knownCause } from '@kinora/common/contracts'
import { firstTimeSeen } from '@kinora/common/db'
import type { Context } from '../context.ts'
import { changeVideo } from '../operations/change-video.ts'
import { attemptFailed } from '../operations/end-attempt.ts'
import { keepLog } from '../repositories/attempt-logs.ts'
import { findTask, holdsLease } from '../repositories/tasks.ts'

/** A worker could not do an attempt: it is tried again later, or the video has failed, by the cause. */
export async function taskFailed(
  ctx: Context,
  { cause, log, ...lease }: EventData<(typeof events)['task.failed']>,
  eventId: string,
): Promise<void> {
  const task = await findTask(ctx.db, lease.taskId)
  if (!task) return
  await changeVideo(ctx, task.video_id, async (tx) => {
    if (!(await firstTimeSeen(tx, eventId))) return
    const current = await findTask(tx, lease.taskId)
    if (!current) return
    if (log !== undefined) await keepLog(tx, lease, log)
    if (!holdsLease(current, lease)) return
    if (await attemptFailed(tx, current, lease, knownCause(cause)))
      ctx.metrics.attempts.inc({ kind: current.kind, outcome: 'failed' })
  })
}
