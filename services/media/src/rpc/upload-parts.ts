import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, UploadRow } from '../db/schema.ts'
import { assertWithinQuota } from '../domain/quota.ts'
import { transact } from '../operations/transact.ts'
import { assertAwaitsSource, sealPart } from '../operations/uploads.ts'
import { usageOf } from '../repositories/project-limits.ts'
import { isPartSealed, lockUpload, touchUpload } from '../repositories/uploads.ts'
import { findVideo } from '../repositories/videos.ts'
import { byUploader } from './guards.ts'
import { toUpload, uploadGuard } from './uploads.ts'

/**
 * The latest request writes: a client that lost its connection is back long before the end of the old connection is
 * noticed. A request that is refused here takes nothing over, because its transaction is rolled back.
 */
export function beginPiece(ctx: Context): Handler<typeof media.beginPiece> {
  return byUploader<typeof media.beginPiece>(
    ctx,
    async ({ uploadId, offset }, _userId, { actor }) =>
      await transact(ctx, async (tx) => {
        const row = await sealPart(tx, ctx.store, await lockUpload(tx, uploadId, uploadGuard(actor)))
        if (offset !== Number(row.received)) {
          const detail = `The upload is at offset ${row.received}, not at ${offset}`
          throw new AppError('UPLOAD_OFFSET_MISMATCH', { detail })
        }
        const pieceId = randomUUID()
        const maxBytes = Number(row.bytes) - offset
        if (row.completed_at === null) await assertStillAllowed(ctx, tx, row)
        await touchUpload(tx, uploadId, ctx.config.UPLOAD_EXPIRY_SECONDS, maxBytes > 0 ? pieceId : null)
        return {
          videoId: row.video_id,
          projectId: row.project_id,
          pieceId,
          pieceKey: keys.piece(row.video_id, uploadId, pieceId),
          maxBytes,
        }
      }),
  )
}

async function assertStillAllowed(ctx: Context, tx: Tx, row: UploadRow): Promise<void> {
  const video = await findVideo(tx, row.video_id)
  if (!video) throw new AppError('VIDEO_NOT_FOUND')
  if (!row.replaces) assertAwaitsSource(video)
  assertWithinQuota(Number(row.bytes), await usageOf(tx, ctx.config, row.project_id))
}

export function endPiece(ctx: Context): Handler<typeof media.endPiece> {
  return byUploader<typeof media.endPiece>(
    ctx,
    async ({ uploadId, pieceId }, _userId, { actor }) =>
      await transact(ctx, async (tx) => {
        const row = await lockUpload(tx, uploadId, uploadGuard(actor))
        if (row.piece_id === pieceId) {
          await sealPart(tx, ctx.store, row)
          const sealed = await touchUpload(tx, uploadId, ctx.config.UPLOAD_EXPIRY_SECONDS, null)
          return await toUpload(ctx, tx, sealed, actor)
        }
        // A repeated call, whose first response was lost.
        const repeated = row.piece_id === null && (await isPartSealed(tx, uploadId, pieceId))
        if (!repeated) throw new AppError('UPLOAD_SUPERSEDED')
        return await toUpload(ctx, tx, row, actor)
      }),
  )
}
