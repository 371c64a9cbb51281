import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { startsByState } from '../domain/work-plan.ts'
import { changeVideo } from '../repositories/change-video.ts'
import { enqueue, reviveTasks } from '../repositories/tasks.ts'
import { asVideo } from './as-video.ts'

/** What is done stays done; the rest begins anew, with all its tries. */
export function retryVideo(ctx: Context): Handler<typeof media.retryVideo> {
  return async ({ videoId }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      const revived = await reviveTasks(tx, videoId)
      if (revived.length === 0) throw new AppError('NOTHING_TO_RETRY')
      // The others are queued when the state is derived.
      const ids = revived.filter((task) => !startsByState(task.kind)).map((task) => task.id)
      await enqueue(tx, ids)
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return asVideo(ctx, changed.video, actor)
  }
}
