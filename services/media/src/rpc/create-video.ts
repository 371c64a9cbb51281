import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { insertVideo } from '../repositories/videos.ts'
import { asVideo } from './as-video.ts'

export function createVideo(ctx: Context): Handler<typeof media.createVideo> {
  return async (input, { actor }) => {
    const ownerId = userOf(actor)
    const row = await ctx.db.transaction().execute(async (tx) => {
      // The access token may be a second older than the account's end.
      if (await isErased(tx, ownerId)) throw new AppError('ACCOUNT_ERASED')
      return await insertVideo(tx, { id: randomUUID(), ownerId, ...input })
    })
    await ctx.cache.forget(ownerId)
    return asVideo(ctx, row, actor)
  }
}
