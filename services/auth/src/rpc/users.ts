import type { Handler } from '@kinora/common/contract'
import type { AdminUser, auth } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { userChanges } from '../domain/users.ts'
import { toAdminUser } from '../domain/views.ts'
import { applyUserChanges, eraseAccount } from '../operations/accounts.ts'
import { removeSecondFactor } from '../operations/second-factor.ts'
import { endSessions } from '../operations/sessions.ts'
import { cursorAt, pageRequest } from '../repositories/pages.ts'
import { byAdmin, bySupport } from './guards.ts'

export function listUsers(ctx: Context): Handler<typeof auth.listUsers> {
  return bySupport<typeof auth.listUsers>(ctx, async ({ limit, cursor, q, role, disabled }) => {
    const filter = { q, role, disabled: disabled === undefined ? undefined : disabled === 'true' }
    const rows = await ctx.userOverviews.find(filter, pageRequest(limit, cursor), ctx.now())
    return pageOf(rows, limit, toAdminUser, cursorAt)
  })
}

export function getUser(ctx: Context): Handler<typeof auth.getUser> {
  return bySupport<typeof auth.getUser>(ctx, async ({ userId }) => await overviewOf(ctx, userId))
}

export function updateUser(ctx: Context): Handler<typeof auth.updateUser> {
  return byAdmin<typeof auth.updateUser>(ctx, async ({ userId, ...wanted }, call) => {
    const actorId = call.actor.kind === 'user' ? call.actor.userId : undefined
    await ctx.transact(call, async (work) => {
      // Changes of administrators wait here for each other: of two that demote each other, the second is refused.
      const admins = await work.users.lockAdmins()
      if (actorId !== undefined && !admins.some(({ id }) => id === actorId)) throw new AppError('FORBIDDEN')
      const user = await work.users.lock(userId)
      if (!user) throw new AppError('USER_NOT_FOUND')
      const people = new Set(admins.filter(({ signsIn }) => signsIn).map(({ id }) => id))
      await applyUserChanges(work, user, userChanges(user, wanted, { actorId, people }), call, ctx.now())
    })
    return await overviewOf(ctx, userId)
  })
}

/**
 * For an owner without phone and recovery codes. Afterwards only the password protects the account, so its owner gets a mail
 * and all its sessions end.
 */
export function resetSecondFactor(ctx: Context): Handler<typeof auth.resetSecondFactor> {
  return byAdmin<typeof auth.resetSecondFactor>(ctx, async ({ userId }, call) => {
    // For their own account, administrators need password and code, which a stolen session does not have.
    if (call.actor.kind === 'user' && call.actor.userId === userId) throw new AppError('OWN_ACCOUNT')
    const now = ctx.now()
    await ctx.transact(call, async (work) => {
      const user = await work.users.lock(userId)
      if (!user) throw new AppError('USER_NOT_FOUND')
      await removeSecondFactor(work, user, call, now)
      await work.audit.record(call, { action: 'second_factor_reset', userId }, now)
      await work.queueMail('second_factor_reset', userId, call, now)
      await endSessions(work, { userId, reason: 'revoked_by_admin' }, now)
    })
    return {}
  })
}

export function eraseUser(ctx: Context): Handler<typeof auth.eraseUser> {
  return byAdmin<typeof auth.eraseUser>(ctx, async ({ userId }, call) => {
    // For their own account, administrators need their password: see `eraseMe`.
    if (call.actor.kind === 'user' && call.actor.userId === userId) throw new AppError('OWN_ACCOUNT')
    if (!(await eraseAccount(ctx, userId, call))) throw new AppError('USER_NOT_FOUND')
    return {}
  })
}

/** The account as administrators see it. Throws `USER_NOT_FOUND`. */
export async function overviewOf({ userOverviews, now }: Context, userId: string): Promise<AdminUser> {
  const row = await userOverviews.byId(userId, now())
  if (!row) throw new AppError('USER_NOT_FOUND')
  return toAdminUser(row)
}
