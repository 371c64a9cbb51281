import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { standingOf } from '../repositories/quota-usage.ts'

export function getUsage(ctx: Context): Handler<typeof media.getUsage> {
  return async (_input, { actor }) => await standingOf(ctx.db, ctx.config, userOf(actor))
}
