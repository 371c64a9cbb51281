import type { Call, Handler, SessionActor } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { oneTimeTokenHash } from '../domain/challenges.ts'
import { closeUnprovedAccess } from '../operations/accounts.ts'
import { revokeApiKeys } from '../operations/api-keys.ts'
import { requestMail } from '../operations/mail.ts'
import { evaluatePassword } from '../operations/passwords.ts'
import { removePasskeys } from '../operations/second-factor.ts'
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
        return await refuseChange(ctx, actor, call, new AppError('PASSWORD_WRONG'))
      }
      const problem = await evaluatePassword(ctx, newPassword, user, 'newPassword')
      if (problem) return await refuseChange(ctx, actor, call, problem)
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
  { from, to, revokeApiKeys: revokesKeys, removePasskeys: removesPasskeys }: Replacement,
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
    if (revokesKeys) await revokeApiKeys(work, { userId }, call, now)
    if (removesPasskeys) await removePasskeys(work, userId, call, now)
    return true
  })
}

async function refuseChange(
  ctx: Context,
  { userId, sessionId }: SessionActor,
  call: Call,
  error: AppError,
): Promise<never> {
  const entry = { action: 'password_change', userId, sessionId, failure: error.code } as const
  await ctx.audit.record(call, entry, ctx.now())
  throw error
}

export function forgotPassword(ctx: Context): Handler<typeof auth.forgotPassword> {
  return async ({ email }, call) => {
    await requestMail(ctx, 'reset_password', 'password_forgot', email, call)
    return {}
  }
}

/** Opens no session, because access to the owner's mails does not replace the second factor. */
export function resetPassword(ctx: Context): Handler<typeof auth.resetPassword> {
  return async ({ token, password, ...more }, call) => {
    const tokenHash = oneTimeTokenHash(token)
    const userId = await ctx.mailTokens.ownerOf('reset_password', tokenHash, ctx.now())
    const user = userId && (await ctx.users.byId(userId))
    if (!user) return await refuseReset(ctx, call, null, new AppError('MAIL_TOKEN_INVALID'))
    // A refused password does not use the link.
    const problem = await evaluatePassword(ctx, password, user)
    if (problem) return await refuseReset(ctx, call, user.id, problem)
    const hash = await ctx.passwords.hash(password, call.signal)
    if (!(await reset(ctx, { userId: user.id, tokenHash, hash, ...more }, call))) {
      return await refuseReset(ctx, call, user.id, new AppError('MAIL_TOKEN_INVALID'))
    }
    return {}
  }
}

interface Reset {
  userId: string
  tokenHash: Buffer
  hash: string
  revokeApiKeys?: boolean | undefined
  removePasskeys?: boolean | undefined
}

/** False when the token was used, or replaced by a newer one, since it was read. */
async function reset(ctx: Context, { userId, tokenHash, hash, ...more }: Reset, call: Call): Promise<boolean> {
  const now = ctx.now()
  return await ctx.transact(call, async (work) => {
    // The account is locked before its rows, as everywhere, to avoid deadlocks.
    const user = await work.users.lock(userId)
    if (!user || !(await work.mailTokens.take('reset_password', tokenHash, now))) return false
    await work.users.resetPassword(userId, hash, now)
    await work.queueMail('password_reset', userId, call, now)
    await work.audit.record(call, { action: 'password_reset', userId }, now)
    await endSessions(work, { userId, reason: 'password_reset' }, now)
    // The name may be of the stranger who registered the address, and mails would greet its owner by it.
    if (!user.email_verified_at) await work.users.setDisplayName(userId, null, now)
    if (more.revokeApiKeys) await revokeApiKeys(work, { userId }, call, now)
    if (more.removePasskeys) await removePasskeys(work, userId, call, now)
    await closeUnprovedAccess(work, user, 'password_reset', call, now)
    return true
  })
}

async function refuseReset(ctx: Context, call: Call, userId: string | null, error: AppError): Promise<never> {
  await ctx.audit.record(call, { action: 'password_reset', userId, failure: error.code }, ctx.now())
  throw error
}
