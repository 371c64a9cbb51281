import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { assertAwaitsSource, assertDeclaredAsVideo, reserve } from '../operations/uploads.ts'
import { findVideo } from '../repositories/videos.ts'
import { asVideo } from './as-video.ts'

/** Keeps room for the upload. Of several uploads of one video that begin, the first that is complete wins. */
export function beginUpload(ctx: Context): Handler<typeof media.beginUpload> {
  return async ({ videoId, contentType, filename, bytes }, { actor }) => {
    const row = await findVideo(ctx.db, videoId)
    if (!row) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, row)
    assertAwaitsSource(row)
    assertDeclaredAsVideo(contentType, filename)
    const upload = { id: randomUUID(), videoId, ownerId: row.owner_id, resumable: false, madeVideo: false }
    const reserved = await ctx.db
      .transaction()
      .execute((tx) => reserve(ctx, tx, { ...upload, bytes, filename, metadata: null }))
    const storageKey = keys.source(videoId, upload.id)
    return { uploadId: upload.id, storageKey, maxBytes: Number(reserved.bytes), video: asVideo(ctx, row, actor) }
  }
}
