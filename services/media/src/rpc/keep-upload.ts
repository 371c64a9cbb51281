import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { findUpload, keepUpload as keep } from '../repositories/uploads.ts'

export function keepUpload(ctx: Context): Handler<typeof media.keepUpload> {
  return async ({ uploadId, pieceId = null }, { actor }) => {
    const ownerId = userOf(actor)
    if (await keep(ctx.db, { uploadId, ownerId, pieceId }, ctx.config.UPLOAD_EXPIRY_SECONDS)) return {}
    const row = await findUpload(ctx.db, uploadId)
    throw new AppError(row?.owner_id === ownerId ? 'UPLOAD_SUPERSEDED' : 'UPLOAD_NOT_FOUND')
  }
}
