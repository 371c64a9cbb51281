import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { settle } from '../operations/settle.ts'
import { lockUpload, touchUpload } from '../repositories/uploads.ts'
import { describeUpload } from './describe-upload.ts'

export function settleUpload(ctx: Context): Handler<typeof media.settleUpload> {
  return async ({ uploadId }, { actor }) =>
    await ctx.db.transaction().execute(async (tx) => {
      const row = await lockUpload(tx, uploadId, userOf(actor))
      await settle(tx, ctx.store, row)
      const settled = await touchUpload(tx, uploadId, ctx.config.UPLOAD_EXPIRY_SECONDS, null)
      return await describeUpload(ctx, tx, settled, actor)
    })
}
