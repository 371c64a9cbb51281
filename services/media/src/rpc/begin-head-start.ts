import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { changeVideo } from '../operations/change-video.ts'
import { beginHeadStart as begin } from '../operations/early-segments.ts'
import { findUpload } from '../repositories/uploads.ts'

export function beginHeadStart(ctx: Context): Handler<typeof media.beginHeadStart> {
  return async ({ uploadId, bytes }, { actor }) => {
    const upload = await findUpload(ctx.db, uploadId)
    if (upload?.owner_id !== userOf(actor)) throw new AppError('UPLOAD_NOT_FOUND')
    const { video_id: videoId } = upload
    const beginning = { key: keys.beginning(videoId, uploadId), share: Math.min(1, bytes / Number(upload.bytes)) }
    const changed = await changeVideo(ctx, videoId, (tx, video) => begin(tx, video, beginning))
    return { wanted: changed?.result ?? false }
  }
}
