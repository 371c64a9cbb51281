import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { findVideo } from '../repositories/videos.ts'

/** Asked before a picture is read: who may not change the watermark sends none. It is decided when the picture is there. */
export function beginWatermark({ db }: Context): Handler<typeof media.beginWatermark> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    if (video.upload_id !== null) throw new AppError('WATERMARK_TOO_LATE')
    const pictureId = randomUUID()
    return { pictureId, storageKey: keys.watermark(videoId, pictureId) }
  }
}
