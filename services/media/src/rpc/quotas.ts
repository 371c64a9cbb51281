import { administratorOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { userOf } from '../domain/visibility.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { changeLimits, standingOf } from '../repositories/owner-limits.ts'
import { noteAction } from '../repositories/parked.ts'

export function updateUserLimits(ctx: Context): Handler<typeof media.updateUserLimits> {
  return async ({ userId, ...change }, call) => {
    administratorOnly(call.actor)
    return await transact(ctx, async (tx) => {
      if (await isErased(tx, userId)) throw new AppError('USER_NOT_FOUND')
      await changeLimits(tx, userId, change)
      await noteAction(tx, call, 'limits_change', userId)
      return await standingOf(tx, ctx.config, userId)
    })
  }
}

export function getUsage(ctx: Context): Handler<typeof media.getUsage> {
  return async (_input, { actor }) => await standingOf(ctx.db, ctx.config, userOf(actor))
}

export function getUserUsage(ctx: Context): Handler<typeof media.getUserUsage> {
  return async ({ userId }, { actor }) => {
    administratorOnly(actor)
    return await standingOf(ctx.db, ctx.config, userId)
  }
}
