import type { Handler } from '@kinora/common/contract'
import type { media, Watermark } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import type { StoredWatermark } from '../domain/watermark.ts'
import { findVideo } from '../repositories/videos.ts'

export function getWatermark({ db }: Context): Handler<typeof media.getWatermark> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    if (!video.watermark) throw new AppError('WATERMARK_NOT_FOUND')
    return asWatermark(video.watermark)
  }
}

export function asWatermark({ key: _, ...watermark }: StoredWatermark): Watermark {
  return watermark
}
