import { administratorOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { standingOf } from '../repositories/quota-usage.ts'

export function getUserUsage(ctx: Context): Handler<typeof media.getUserUsage> {
  return async ({ userId }, { actor }) => {
    administratorOnly(actor)
    return await standingOf(ctx.db, ctx.config, userId)
  }
}
