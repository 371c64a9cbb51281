import { serviceOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { allKeys } from './list-keys.ts'

export function retireKey(ctx: Context): Handler<typeof auth.retireKey> {
  return async ({ kid, reason }, call) => {
    serviceOnly(call.actor, 'operator')
    await ctx.keyKeeper.retire(call, kid, reason)
    return await allKeys(ctx)
  }
}
