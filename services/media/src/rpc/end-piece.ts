import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { isSettled, settle } from '../operations/settle.ts'
import { lockUpload, touchUpload } from '../repositories/uploads.ts'
import { describeUpload } from './describe-upload.ts'

export function endPiece(ctx: Context): Handler<typeof media.endPiece> {
  return async ({ uploadId, pieceId }, { actor }) =>
    await ctx.db.transaction().execute(async (tx) => {
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
