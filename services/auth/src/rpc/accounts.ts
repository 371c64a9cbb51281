import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { toUser } from '../domain/views.ts'
import { eraseAccount } from '../operations/accounts.ts'
import { confirmIdentity } from '../operations/second-factor.ts'
import { noSuchUser, signedIn, signedInOrByKey } from './guards.ts'

export function getMe({ users }: Context): Handler<typeof auth.getMe> {
  return signedInOrByKey<typeof auth.getMe>(async (_input, { userId }) =>
    toUser((await users.byId(userId)) ?? noSuchUser()),
  )
}

export function updateMe(ctx: Context): Handler<typeof auth.updateMe> {
  return signedIn<typeof auth.updateMe>(async ({ displayName }, { userId }, call) => {
    const now = ctx.now()
    return await ctx.transact(call, async (work) => {
      const user = (await work.users.setDisplayName(userId, displayName, now)) ?? noSuchUser()
      await work.audit.record(call, { action: 'profile_update', userId }, now)
      return toUser(user)
    })
  })
}

export function getErasure({ erasures }: Context): Handler<typeof auth.getErasure> {
  return async ({ userId }) => ({ erased: await erasures.has(userId) })
}

/** Exports the account's data and records that in the audit log, so that its owner can see every export. */
export function exportAccount(ctx: Context): Handler<typeof auth.exportAccount> {
  return signedIn<typeof auth.exportAccount>(async (_input, { userId, sessionId }, call) => {
    const user = (await ctx.users.byId(userId)) ?? noSuchUser()
    await ctx.audit.record(call, { action: 'data_export', userId, sessionId }, ctx.now())
    return toUser(user)
  })
}

export function eraseMe(ctx: Context): Handler<typeof auth.eraseMe> {
  return signedIn<typeof auth.eraseMe>(async (proof, { userId }, call) => {
    await confirmIdentity(ctx, { userId, action: 'account_erase_confirm' }, proof, call)
    if (!(await eraseAccount(ctx, userId, call))) noSuchUser()
    return {}
  })
}
