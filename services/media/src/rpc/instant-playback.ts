import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { watchedSource } from '../domain/instant-playback.ts'
import { videoByReference } from '../operations/playback-reference.ts'

/** Always reads the row, as `authorizePlayback` does, but does not need the video to be playable. */
export function authorizeSource(ctx: Context): Handler<typeof media.authorizeSource> {
  return async ({ reference }) => {
    const { video, claims } = await videoByReference(ctx, reference)
    // The source may be larger.
    if (claims?.maxHeight !== undefined) throw new AppError('SOURCE_NOT_PLAYABLE')
    const own = claims?.source ?? false
    const file = watchedSource(video, own, ctx.now())
    if (!file || video.source_key === null) throw new AppError('SOURCE_NOT_PLAYABLE')
    const { contentType, blanks } = file
    return { videoId: video.id, contentType, storageKey: video.source_key, blanks: blanks ?? [] }
  }
}
