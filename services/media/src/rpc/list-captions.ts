import type { Handler } from '@kinora/common/contract'
import type { Captions, media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { StoredCaptions } from '../domain/timed-text.ts'
import { maySee } from '../domain/visibility.ts'
import { findVideo } from '../repositories/videos.ts'

export function listCaptions(ctx: Context): Handler<typeof media.listCaptions> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(ctx.db, videoId)
    if (!video || !maySee(actor, video)) throw new AppError('VIDEO_NOT_FOUND')
    // Bounded by the languages of one video: one page holds it all.
    return { items: video.captions.map(asCaptions), nextCursor: null }
  }
}

export function asCaptions({ lang, label, cues, createdAt }: StoredCaptions): Captions {
  return { lang, label, cues, createdAt }
}
