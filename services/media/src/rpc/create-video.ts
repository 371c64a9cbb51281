import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { insertVideo } from '../repositories/videos.ts'
import { asVideo } from './as-video.ts'

export function createVideo(ctx: Context): Handler<typeof media.createVideo> {
  return async (input, { actor }) => {
    const ownerId = userOf(actor)
    const row = await insertVideo(ctx.db, { id: randomUUID(), ownerId, ...input })
    await ctx.cache.forget(ownerId)
    return asVideo(ctx, row, actor)
  }
}
