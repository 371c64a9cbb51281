import { serviceOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { allKeys } from './list-keys.ts'

export function rotateKeys(ctx: Context): Handler<typeof auth.rotateKeys> {
  return async (_input, call) => {
    serviceOnly(call.actor, 'operator')
    await ctx.keyKeeper.rotate(call)
    return await allKeys(ctx)
  }
}
