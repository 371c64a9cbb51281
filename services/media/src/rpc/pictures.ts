import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { assertWithin } from '../domain/within.ts'
import { changeVideo } from '../operations/change-video.ts'
import { remakePoster } from '../repositories/pictures.ts'
import { asVideo } from './as-video.ts'

/** The wish is a new attempt at the task that made the first one, so of two wishes the later one wins. */
export function choosePoster(ctx: Context): Handler<typeof media.choosePoster> {
  return async ({ videoId, time }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      if (!video.playable || !video.plan) throw new AppError('PLAYBACK_NOT_READY')
      assertWithin(video.plan, 'time', time)
      const { frameCount, frameRate } = video.plan
      const last = ((frameCount - 1) * frameRate.den) / frameRate.num
      if (!(await remakePoster(tx, videoId, Math.min(time, last)))) throw new AppError('PLAYBACK_NOT_READY')
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return asVideo(ctx, changed.video, actor)
  }
}
