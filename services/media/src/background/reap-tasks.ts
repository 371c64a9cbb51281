import type { Context } from '../context.ts'
import { changeVideo } from '../operations/change-video.ts'
import { attemptLost } from '../operations/end-attempt.ts'
import { ownersOfHeldTasks, startableTasks } from '../operations/limits.ts'
import { transact } from '../operations/transact.ts'
import { dueTasks, extendLeases, lockStaleTask, resendTasks, staleTasks } from '../repositories/overdue-tasks.ts'
import { enqueue, leaseOf } from '../repositories/tasks.ts'
import { isolated } from './isolated.ts'

/**
 * A process's own reaper. Silence means something only to who could have heard: after a time in which this process did
 * not run, or had no broker or no database, every running task gets a whole lease, because its worker may have been
 * talking all the while.
 */
export function createReaper(isConnected: () => boolean): (ctx: Context) => Promise<void> {
  let heardAt = Number.NEGATIVE_INFINITY
  return async (ctx) => {
    if (!isConnected()) return
    const { LEASE_MS, REAPER_MS } = ctx.config
    if (performance.now() - heardAt > REAPER_MS + LEASE_MS / 2) await extendLeases(ctx.db, LEASE_MS)
    await reap(ctx)
    heardAt = performance.now()
  }
}

/**
 * What no message will ever set going again: tasks whose worker is silent, tasks whose pause is over, tasks whose message
 * was lost. All processes may do this at the same time, because every step asks again under the lock.
 */
export async function reap(ctx: Context): Promise<void> {
  for (const { id, video_id: videoId } of await staleTasks(ctx.db)) {
    await isolated(ctx, { videoId }, () => reapStale(ctx, videoId, id))
  }
  for (const { id, video_id: videoId } of await dueTasks(ctx.db)) {
    await isolated(ctx, { videoId }, () => changeVideo(ctx, videoId, (tx) => enqueue(tx, [id])))
  }
  const resent = await transact(ctx, (tx) => resendTasks(tx, ctx.config.RESEND_MS))
  if (resent > 0) ctx.logger.info({ resent }, 'tasks that nobody took were sent again')
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

/** Queues what was put aside, as soon as its owner has fewer tasks running; whoever claims it asks again. */
export async function resumeHeld(ctx: Context): Promise<void> {
  for (const ownerId of await ownersOfHeldTasks(ctx.db)) {
    for (const { id, video_id: videoId } of await startableTasks(ctx, ownerId)) {
      await isolated(ctx, { videoId }, () => changeVideo(ctx, videoId, (tx) => enqueue(tx, [id])))
    }
  }
}
