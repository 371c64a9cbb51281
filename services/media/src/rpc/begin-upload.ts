import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { isDeclaredAsVideo } from '../domain/source-type.ts'
import { assertOwner } from '../domain/visibility.ts'
import { findVideo } from '../repositories/videos.ts'
import { asVideo } from './as-video.ts'

/** Writes nothing: of several uploads that begin, the first that is complete wins. */
export function beginUpload(ctx: Context): Handler<typeof media.beginUpload> {
  return async ({ videoId, contentType, filename, bytes }, { actor }) => {
    const row = await findVideo(ctx.db, videoId)
    if (!row) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, row)
    if (row.upload_id !== null) throw new AppError('SOURCE_ALREADY_UPLOADED')
    if (!isDeclaredAsVideo(contentType, filename)) throw new AppError('SOURCE_TYPE_UNSUPPORTED')
    const maxBytes = ctx.config.MAX_UPLOAD_BYTES
    if (bytes !== null && bytes > maxBytes) throw new AppError('UPLOAD_TOO_LARGE')
    const uploadId = randomUUID()
    return { uploadId, storageKey: keys.source(videoId, uploadId), maxBytes, video: asVideo(ctx, row, actor) }
  }
}
