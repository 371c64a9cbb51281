import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { removeVideo } from '../operations/remove-video.ts'
import { findVideo } from '../repositories/videos.ts'

export function deleteVideo(ctx: Context): Handler<typeof media.deleteVideo> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(ctx.db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    const removed = await ctx.db.transaction().execute((tx) => removeVideo(tx, videoId))
    if (!removed) throw new AppError('VIDEO_NOT_FOUND')
    await ctx.cache.forget(video.owner_id)
    ctx.wake.emit('outbox')
    return {}
  }
}
