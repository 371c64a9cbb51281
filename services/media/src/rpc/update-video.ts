import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { updateText } from '../repositories/videos.ts'
import { asVideo } from './as-video.ts'

export function updateVideo(ctx: Context): Handler<typeof media.updateVideo> {
  return async ({ videoId, ...change }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      await updateText(tx, videoId, change)
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return asVideo(ctx, changed.video, actor)
  }
}
