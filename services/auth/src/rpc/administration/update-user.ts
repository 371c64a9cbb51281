import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { applyUserChanges } from '../../administration/apply-user-changes.ts'
import type { Context } from '../../context.ts'
import { userChanges } from '../../domain/user-changes.ts'
import { byAdmin } from '../by-admin.ts'
import { overviewOf } from './overview-of.ts'

export function updateUser(ctx: Context): Handler<typeof auth.updateUser> {
  return byAdmin<typeof auth.updateUser>(ctx, async ({ userId, ...wanted }, call) => {
    const actorId = call.actor.kind === 'user' ? call.actor.userId : undefined
    await ctx.transact(async (work) => {
      // Whoever changes administrators waits here, so that of two who demote each other one finds himself demoted.
      const admins = await work.users.lockAdmins()
      if (actorId !== undefined && !admins.some(({ id }) => id === actorId)) throw new AppError('FORBIDDEN')
      const user = await work.users.lock(userId)
      if (!user) throw new AppError('USER_NOT_FOUND')
      const people = new Set(admins.filter(({ signsIn }) => signsIn).map(({ id }) => id))
      await applyUserChanges(work, user, userChanges(user, wanted, { actorId, people }), call, ctx.now())
    })
    ctx.pokeRelay()
    return await overviewOf(ctx, userId)
  })
}
