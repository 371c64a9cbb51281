import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, UploadRow } from '../db/schema.ts'
import { assertRoomKept } from '../domain/quota.ts'
import { userOf } from '../domain/visibility.ts'
import { transact } from '../operations/transact.ts'
import { assertAwaitsSource, isSettled, settle } from '../operations/uploads.ts'
import { standingOf } from '../repositories/owner-limits.ts'
import { lockUpload, touchUpload } from '../repositories/uploads.ts'
import { findVideo } from '../repositories/videos.ts'
import { describeUpload } from './uploads.ts'

/**
 * Whoever comes last writes: a client that has lost its connection is back long before anybody notices that the old one
 * is dead. A request that is refused here takes nothing over, because all of it is undone.
 */
export function beginPiece(ctx: Context): Handler<typeof media.beginPiece> {
  return async ({ uploadId, offset }, { actor }) =>
    await transact(ctx, async (tx) => {
      const row = await settle(tx, ctx.store, await lockUpload(tx, uploadId, userOf(actor)))
      if (offset !== Number(row.received)) {
        throw new AppError('UPLOAD_OFFSET_MISMATCH', {
          detail: `The upload stands at ${row.received}, not at ${offset}`,
        })
      }
      const pieceId = randomUUID()
      const maxBytes = Number(row.bytes) - offset
      if (row.completed_at === null) await assertStillAllowed(ctx, tx, row)
      await touchUpload(tx, uploadId, ctx.config.UPLOAD_EXPIRY_SECONDS, maxBytes > 0 ? pieceId : null)
      return { videoId: row.video_id, pieceId, pieceKey: keys.piece(row.video_id, uploadId, pieceId), maxBytes }
    })
}

async function assertStillAllowed(ctx: Context, tx: Tx, row: UploadRow): Promise<void> {
  const video = await findVideo(tx, row.video_id)
  if (!video) throw new AppError('VIDEO_NOT_FOUND')
  assertAwaitsSource(video)
  assertRoomKept(Number(row.bytes), await standingOf(tx, ctx.config, row.owner_id))
}

export function endPiece(ctx: Context): Handler<typeof media.endPiece> {
  return async ({ uploadId, pieceId }, { actor }) =>
    await transact(ctx, async (tx) => {
      const row = await lockUpload(tx, uploadId, userOf(actor))
      if (row.piece_id === pieceId) {
        await settle(tx, ctx.store, row)
        const settled = await touchUpload(tx, uploadId, ctx.config.UPLOAD_EXPIRY_SECONDS, null)
        return await describeUpload(ctx, tx, settled, actor)
      }
      // Asked twice: the first answer was lost.
      const asked = row.piece_id === null && (await isSettled(tx, uploadId, pieceId))
      if (!asked) throw new AppError('UPLOAD_SUPERSEDED')
      return await describeUpload(ctx, tx, row, actor)
    })
}
