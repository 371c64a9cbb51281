import type { Handler, Input } from '@kinora/common/contract'
import type { media, TaskWork } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { TaskRow, Tx } from '../db/schema.ts'
import { remainingWork } from '../domain/segments.ts'
import { folderOf } from '../domain/video-facts.ts'
import { changeVideo } from '../operations/change-video.ts'
import { attemptLost } from '../operations/end-attempt.ts'
import { deferOverLimit } from '../operations/limits.ts'
import { expectedContents } from '../operations/passport.ts'
import { findTask, leaseOf, startAttempt } from '../repositories/tasks.ts'

type Claim = Required<Input<typeof media.claimTask>>

export function claimTask(ctx: Context): Handler<typeof media.claimTask> {
  return async (claim) => {
    const task = await findTask(ctx.db, claim.taskId)
    if (!task) throw new AppError('TASK_GONE')
    const changed = await changeVideo(ctx, task.video_id, async (tx, { project_id: projectId }) => {
      if (await deferOverLimit(ctx, tx, projectId, claim)) return null
      return (await start(ctx, tx, claim, claim.attempt)) ?? (claim.redelivered ? await takeOver(ctx, tx, claim) : null)
    })
    const started = changed?.result
    // A take-over may have failed the task for good, which must be committed.
    if (!changed || !started?.lease_token) throw new AppError('TASK_GONE')
    return {
      taskId: started.id,
      videoId: started.video_id,
      attempt: started.attempt,
      leaseToken: started.lease_token,
      leaseMs: ctx.config.LEASE_MS,
      outputKey: keys.attempt(folderOf(changed.video), started.id, started.attempt),
      work: await workOf(ctx, started),
    }
  }
}

async function workOf({ db }: Context, { video_id: videoId, params, written }: TaskRow): Promise<TaskWork> {
  const work = remainingWork(params, written)
  return work.kind === 'finalise' ? { ...work, contents: await expectedContents(db, videoId) } : work
}

async function start(ctx: Context, tx: Tx, claim: Claim, attempt: number): Promise<TaskRow | null> {
  const by = { worker: claim.worker, leaseMs: ctx.config.LEASE_MS, messageAttempt: claim.attempt }
  return (await startAttempt(tx, { taskId: claim.taskId, attempt }, by)) ?? null
}

/**
 * The broker redelivers a message only when its consumer's channel is gone, so the lease need not expire first. The message
 * may be older than the running attempt, if that attempt was a take-over, too.
 */
async function takeOver(ctx: Context, tx: Tx, claim: Claim): Promise<TaskRow | null> {
  const task = await findTask(tx, claim.taskId)
  const lease = task && leaseOf(task)
  if (!task || !lease || task.message_attempt !== claim.attempt) return null
  if (!(await attemptLost(tx, task, lease, false))) return null
  ctx.metrics.attempts.inc({ kind: task.kind, outcome: 'lost' })
  return await start(ctx, tx, claim, lease.attempt + 1)
}
