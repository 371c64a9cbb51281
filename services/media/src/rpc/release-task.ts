import { serviceOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { changeVideo } from '../operations/change-video.ts'
import { attemptReleased } from '../operations/end-attempt.ts'
import { attemptState } from '../repositories/task-attempts.ts'
import { findTask, holdsLease } from '../repositories/tasks.ts'

export function releaseTask(ctx: Context): Handler<typeof media.releaseTask> {
  return async (lease, { actor }) => {
    serviceOnly(actor, 'worker')
    const task = await findTask(ctx.db, lease.taskId)
    if (!task) throw new AppError('TASK_GONE')
    const changed = await changeVideo(ctx, task.video_id, async (tx) => {
      const current = await findTask(tx, lease.taskId)
      if (current && holdsLease(current, lease)) return await attemptReleased(tx, current, lease)
      // Asked twice: the first answer was lost.
      return (await attemptState(tx, lease)) === 'released'
    })
    if (!changed?.result) throw new AppError('TASK_GONE')
    return {}
  }
}
