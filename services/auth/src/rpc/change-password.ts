import type { Call, Handler, SessionActor } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { revokeApiKeys as revokeKeys } from '../operations/api-keys.ts'
import { evaluatePassword } from '../operations/passwords.ts'
import { removePasskeys as removeAllPasskeys } from '../operations/second-factor.ts'
import { endSessions } from '../operations/sessions.ts'
import { noSuchUser, signedIn } from './guards.ts'

export function changePassword(ctx: Context): Handler<typeof auth.changePassword> {
  return signedIn<typeof auth.changePassword>(async ({ currentPassword, newPassword, ...more }, actor, call) => {
    // Repeats only when the hash was replaced during the check: by another change, after which this password is wrong, or by a
    // sign-in that renewed it at another cost.
    for (;;) {
      const user = (await ctx.users.byId(actor.userId)) ?? noSuchUser()
      const { password_hash: stored } = user
      if (stored === null || !(await ctx.passwords.verify(currentPassword, stored, call.signal))) {
        return await refuse(ctx, actor, call, new AppError('PASSWORD_WRONG'))
      }
      const problem = await evaluatePassword(ctx, newPassword, user, 'newPassword')
      if (problem) return await refuse(ctx, actor, call, problem)
      const hash = await ctx.passwords.hash(newPassword, call.signal)
      if (await replace(ctx, actor, { from: stored, to: hash, ...more }, call)) return {}
    }
  })
}

interface Replacement {
  from: string
  to: string
  revokeApiKeys?: boolean | undefined
  removePasskeys?: boolean | undefined
}

/** False when `from` is no longer the account's hash. */
async function replace(
  ctx: Context,
  { userId, sessionId }: SessionActor,
  { from, to, revokeApiKeys, removePasskeys }: Replacement,
  call: Call,
): Promise<boolean> {
  const now = ctx.now()
  return await ctx.transact(call, async (work) => {
    if (!(await work.users.replaceHash(userId, from, to))) return false
    // A stranger may have requested a reset link; the new password invalidates it.
    await work.mailTokens.discard(userId, 'reset_password')
    await work.queueMail('password_changed', userId, call, now)
    await work.audit.record(call, { action: 'password_change', userId, sessionId }, now)
    await endSessions(work, { userId, exceptSessionId: sessionId, reason: 'password_changed' }, now)
    if (revokeApiKeys) await revokeKeys(work, userId, call, now)
    if (removePasskeys) await removeAllPasskeys(work, userId, call, now)
    return true
  })
}

async function refuse(ctx: Context, { userId, sessionId }: SessionActor, call: Call, error: AppError): Promise<never> {
  const entry = { action: 'password_change', userId, sessionId, failure: error.code } as const
  await ctx.audit.record(call, entry, ctx.now())
  throw error
}
