import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { removeSecondFactor } from '../../second-factor/remove-second-factor.ts'
import { endSessions } from '../../sessions/end-sessions.ts'
import { byAdmin } from '../by-admin.ts'

/**
 * For who has lost the phone and the recovery codes. The account is then as safe as its password, so its owner is told by
 * mail, and whoever is signed in signs in again.
 */
export function resetSecondFactor(ctx: Context): Handler<typeof auth.resetSecondFactor> {
  return byAdmin<typeof auth.resetSecondFactor>(ctx, async ({ userId }, call) => {
    // Their own they turn off with password and code, which a stolen session does not have.
    if (call.actor.kind === 'user' && call.actor.userId === userId) throw new AppError('OWN_ACCOUNT')
    const now = ctx.now()
    await ctx.transact(async (work) => {
      const user = await work.users.lock(userId)
      if (!user) throw new AppError('USER_NOT_FOUND')
      await removeSecondFactor(work, user, call, now)
      await work.audit.record(call, { action: 'second_factor_reset', userId }, now)
      await work.mailQueue.add('second_factor_reset', userId, call, now)
      await endSessions(work, { userId, reason: 'revoked_by_admin' }, now)
    })
    ctx.pokeRelay()
    return {}
  })
}
