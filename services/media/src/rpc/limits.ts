import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { changeLimits, usageOf } from '../repositories/owner-limits.ts'
import { addAuditRecord } from '../repositories/parked.ts'
import { byAdmin, byUser } from './guards.ts'

export function updateUserLimits(ctx: Context): Handler<typeof media.updateUserLimits> {
  return byAdmin<typeof media.updateUserLimits>(
    async ({ userId, ...change }, call) =>
      await transact(
        ctx,
        async (tx) => {
          if (await isErased(tx, userId)) throw new AppError('USER_NOT_FOUND')
          await changeLimits(tx, userId, change)
          await addAuditRecord(tx, call, 'limits_change', userId)
          return await usageOf(tx, ctx.config, userId)
        },
        { call },
      ),
  )
}

export function getUsage({ db, config }: Context): Handler<typeof media.getUsage> {
  return byUser<typeof media.getUsage>(async (_input, userId) => await usageOf(db, config, userId))
}

export function getUserUsage({ db, config }: Context): Handler<typeof media.getUserUsage> {
  return byAdmin<typeof media.getUserUsage>(async ({ userId }) => await usageOf(db, config, userId))
}
