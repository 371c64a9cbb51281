import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { giveUp } from '../operations/give-up.ts'
import { findUpload } from '../repositories/uploads.ts'

export function abandonUpload(ctx: Context): Handler<typeof media.abandonUpload> {
  return async ({ uploadId }, { actor }) => {
    const ownerId = userOf(actor)
    const row = await findUpload(ctx.db, uploadId)
    if (!row || row.owner_id !== ownerId) throw new AppError('UPLOAD_NOT_FOUND')
    await ctx.db.transaction().execute((tx) => giveUp(tx, row))
    await ctx.cache.forget(ownerId)
    ctx.wake.emit('outbox')
    return {}
  }
}
