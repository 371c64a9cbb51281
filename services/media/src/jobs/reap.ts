import type { Context } from '../context.ts'
import { attemptLost } from '../repositories/attempt-outcomes.ts'
import { changeVideo } from '../repositories/change-video.ts'
import { dueTasks, enqueue, leaseOf, lockStaleTask, resendTasks, staleTasks } from '../repositories/tasks.ts'

/**
 * What no message will ever set going again: tasks whose worker is silent, tasks whose pause is over, tasks whose message
 * was lost. All processes may do this at the same time, because every step asks again under the lock.
 */
export async function reap(ctx: Context): Promise<void> {
  for (const { id, video_id } of await staleTasks(ctx.db)) await reapStale(ctx, video_id, id)
  for (const { id, video_id } of await dueTasks(ctx.db)) {
    await changeVideo(ctx, video_id, (tx) => enqueue(tx, [id]))
  }
  const resent = await ctx.db.transaction().execute((tx) => resendTasks(tx, ctx.config.RESEND_MS))
  if (resent === 0) return
  ctx.logger.info({ resent }, 'tasks that nobody took were sent again')
  ctx.wake.emit('outbox')
}

async function reapStale(ctx: Context, videoId: string, taskId: string): Promise<void> {
  await changeVideo(ctx, videoId, async (tx) => {
    const task = await lockStaleTask(tx, taskId)
    const lease = task && leaseOf(task)
    if (!task || !lease || !(await attemptLost(tx, task, lease, true))) return
    ctx.metrics.attempts.inc({ kind: task.kind, outcome: 'lost' })
    ctx.logger.warn({ taskId, attempt: lease.attempt, worker: task.worker }, 'a worker was silent and lost its task')
  })
}
