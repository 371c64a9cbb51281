import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { Declared, media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, UploadRow } from '../db/schema.ts'
import { assertWithinQuota } from '../domain/quota.ts'
import { afterTheEnd, declaredLength, inconsistent } from '../domain/upload-length.ts'
import { transact } from '../operations/transact.ts'
import { assertAwaitsSource, sealPart } from '../operations/uploads.ts'
import { usageOf } from '../repositories/project-limits.ts'
import { isPartSealed, lockUpload, recordDeclaration, touchUpload } from '../repositories/uploads.ts'
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
    async ({ uploadId, offset, declared }, _userId, { actor }) =>
      await transact(ctx, async (tx) => {
        const sealed = await sealPart(tx, ctx.store, await lockUpload(tx, uploadId, uploadGuard(actor)))
        assertOffset(sealed, offset)
        const row = await declare(tx, sealed, offset, declared)
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
          lengthKnown: row.length_known,
        }
      }),
  )
}

/** Throws `UPLOAD_OFFSET_MISMATCH` with both offsets. */
function assertOffset({ received }: UploadRow, offset: number): void {
  if (offset === Number(received)) return
  const detail = `The upload is at offset ${received}, not at ${offset}`
  const members = { 'expected-offset': Number(received), 'provided-offset': offset }
  throw new AppError('UPLOAD_OFFSET_MISMATCH', { detail, members })
}

/** Records what a request says of the file. Where it says nothing, as in tus, the file is whole with its last byte. */
async function declare(tx: Tx, row: UploadRow, offset: number, declared: Declared | undefined): Promise<UploadRow> {
  if (!declared) return row.open ? await recordDeclaration(tx, row.id, { length: null, open: false }) : row
  if (row.completed_at !== null) throw afterTheEnd(declared)
  const most = Number(row.bytes)
  const length = declaredLength(declared, { offset, known: row.length_known ? most : null })
  if ((length ?? 0) > most) {
    const detail = `The file has ${length} bytes; at most ${most} are allowed`
    throw new AppError('UPLOAD_TOO_LARGE', { detail, members: { 'max-size': most } })
  }
  return await recordDeclaration(tx, row.id, { length, open: declared.complete === false })
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
    async ({ uploadId, pieceId, last }, _userId, { actor }) =>
      await transact(ctx, async (tx) => {
        const row = await lockUpload(tx, uploadId, uploadGuard(actor))
        if (row.piece_id === pieceId) {
          const sealed = await sealPart(tx, ctx.store, row)
          if (last) await endFile(tx, sealed)
          const touched = await touchUpload(tx, uploadId, ctx.config.UPLOAD_EXPIRY_SECONDS, null)
          return await toUpload(ctx, tx, touched, actor)
        }
        // A repeated call, whose first response was lost.
        const repeated = row.piece_id === null && (await isPartSealed(tx, uploadId, pieceId))
        if (!repeated) throw new AppError('UPLOAD_SUPERSEDED')
        return await toUpload(ctx, tx, row, actor)
      }),
  )
}

/** The file ends where the last chunked body has ended. */
async function endFile(tx: Tx, row: UploadRow): Promise<void> {
  const length = Number(row.received)
  if (length === 0) throw new AppError('UPLOAD_EMPTY')
  if (row.length_known && length !== Number(row.bytes)) {
    throw inconsistent(`The file has ${row.bytes} bytes; the last request ended after ${length}`)
  }
  await recordDeclaration(tx, row.id, { length, open: false })
}
