import type { Context } from '../context.ts'
import { changeVideo } from '../operations/change-video.ts'
import { attemptLost } from '../operations/end-attempt.ts'
import { startableTasks } from '../operations/limits.ts'
import { transact } from '../operations/transact.ts'
import { projectsOfDeferredTasks } from '../repositories/deferred-tasks.ts'
import { dueTasks, extendLeases, lockStaleTask, resendTasks, staleTasks } from '../repositories/overdue-tasks.ts'
import { enqueue, leaseOf } from '../repositories/tasks.ts'
import { isolated } from './isolated.ts'

/**
 * The reaper of one process. After a time in which this process did not run, or had no broker or no database, it cannot
 * know which workers were silent: every running task gets a whole lease first.
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
 * Finds tasks that no message will start: their worker is silent, their pause is over, or their message was lost. All
 * processes may do this at the same time, because every step checks again under the lock.
 */
export async function reap(ctx: Context): Promise<void> {
  for (const { id, video_id: videoId } of await staleTasks(ctx.db)) {
    await isolated(ctx, { videoId }, () => reapStale(ctx, videoId, id))
  }
  for (const { id, video_id: videoId } of await dueTasks(ctx.db)) {
    await isolated(ctx, { videoId }, () => changeVideo(ctx, videoId, (tx) => enqueue(tx, [id])))
  }
  const resent = await transact(ctx, (tx) => resendTasks(tx, ctx.config.RESEND_MS))
  if (resent > 0) ctx.logger.info({ resent }, 'queued tasks that no worker claimed were sent again')
}

async function reapStale(ctx: Context, videoId: string, taskId: string): Promise<void> {
  await changeVideo(ctx, videoId, async (tx) => {
    const task = await lockStaleTask(tx, taskId)
    const lease = task && leaseOf(task)
    if (!task || !lease || !(await attemptLost(tx, task, lease, true))) return
    ctx.metrics.attempts.inc({ kind: task.kind, outcome: 'lost' })
    ctx.logger.warn({ taskId, attempt: lease.attempt, worker: task.worker }, 'the lease of a silent worker expired')
  })
}

/** Queues deferred tasks as soon as their project has fewer tasks running; a claim checks the limit again. */
export async function resumeDeferred(ctx: Context): Promise<void> {
  for (const projectId of await projectsOfDeferredTasks(ctx.db)) {
    for (const { id, video_id: videoId } of await startableTasks(ctx, projectId)) {
      await isolated(ctx, { videoId }, () => changeVideo(ctx, videoId, (tx) => enqueue(tx, [id])))
    }
  }
}
