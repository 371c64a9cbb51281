import type { Call, Handler } from '@kinora/common/contract'
import { type auth, normaliseEmail, type SignedIn, type VerificationRequired } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { InviteRow, UserRow } from '../db/schema.ts'
import { oneTimeTokenHash } from '../domain/challenges.ts'
import { createUser } from '../domain/users.ts'
import { closeUnprovedAccess } from '../operations/accounts.ts'
import { requestMail } from '../operations/mail.ts'
import { evaluatePassword } from '../operations/passwords.ts'
import { insertAccount } from '../operations/projects.ts'
import { openSession } from '../operations/sessions.ts'
import type { Work } from '../operations/transact.ts'

export function register(ctx: Context): Handler<typeof auth.register> {
  return async ({ email: typed, password, displayName = null, invite }, call) => {
    const email = normaliseEmail(typed)
    const invitation =
      invite === undefined ? undefined : await ctx.invites.withToken(oneTimeTokenHash(invite), email, ctx.now())
    const refusal = evaluateRegistration(ctx, invitation)
    if (refusal) return await refuse(ctx, call, refusal)
    // Only whoever reads the mails of the address has a token that was sent there.
    const needsProof = ctx.mail.verification && !invitation?.mailed
    const problem = await evaluatePassword(ctx, password, { email, display_name: displayName })
    if (problem) return await refuse(ctx, call, problem)
    // Only saves the hash; the insert decides. With verification both cases must take the same time.
    const isTaken = !needsProof && (await ctx.users.byEmail(email)) !== undefined
    if (isTaken) return await refuse(ctx, call, new AppError('EMAIL_TAKEN'))

    const passwordHash = await ctx.passwords.hash(password, call.signal)
    const user = createUser(email, passwordHash, displayName, ctx.now())
    if (needsProof) return await awaitVerification(ctx, user, invitation, call)
    return (await signIn(ctx, user, invitation, call)) ?? (await refuse(ctx, call, new AppError('EMAIL_TAKEN')))
  }
}

/** Why nobody may register this address now; null when it may be. */
function evaluateRegistration({ registration }: Context, invitation: InviteRow | undefined): AppError | null {
  if (registration.mode === 'closed') return new AppError('REGISTRATION_CLOSED')
  return registration.mode === 'invite' && !invitation ? new AppError('INVITE_INVALID') : null
}

/** Uses the invitation in the transaction of the registration; another request may have used it meanwhile. */
async function useInvite(work: Work, { email, created_at }: UserRow, invitation: InviteRow | undefined): Promise<void> {
  if (!invitation || (await work.invites.take(invitation.token_hash, email, created_at))) return
  throw new AppError('INVITE_INVALID')
}

async function signIn(
  ctx: Context,
  user: UserRow,
  invitation: InviteRow | undefined,
  call: Call,
): Promise<SignedIn | null> {
  const account = invitation?.mailed ? { ...user, email_verified_at: user.created_at } : user
  return await ctx.transact(call, async (work) => {
    if (!(await insertAccount(work, account))) return null
    await useInvite(work, account, invitation)
    return await openSession(ctx, work, 'register', account, call)
  })
}

/**
 * Runs the same statements whether or not the address has an account; only its owner learns of it, by mail. An unconfirmed
 * account of the same address may belong to a stranger, and a confirmation link would make that stranger's password valid. So
 * neither password is valid, and the mail has a link to set a new one, which also confirms the address.
 */
async function awaitVerification(
  ctx: Context,
  user: UserRow,
  invitation: InviteRow | undefined,
  call: Call,
): Promise<VerificationRequired> {
  await ctx.transact(call, async (work) => {
    await useInvite(work, user, invitation)
    const isNew = await insertAccount(work, user)
    await work.users.voidUnconfirmed(user, ctx.passwords.unusable)
    const owner = await work.users.byEmail(user.email)
    const userId = owner?.id ?? null
    await work.mailTokens.discard(userId ?? user.id, 'verify_email')
    const kind = isNew ? 'verify_email' : owner?.email_verified_at ? 'account_exists' : 'reset_password'
    await work.queueMail(kind, userId, call, user.created_at)
    const failure = isNew ? undefined : 'EMAIL_TAKEN'
    await work.audit.record(call, { action: 'register', userId, failure }, user.created_at)
  })
  return { status: 'verification_required' }
}

async function refuse(ctx: Context, call: Call, error: AppError): Promise<never> {
  await ctx.audit.record(call, { action: 'register', userId: null, failure: error.code }, ctx.now())
  throw error
}

export function verifyEmail(ctx: Context): Handler<typeof auth.verifyEmail> {
  return async ({ token }, call) => {
    const now = ctx.now()
    const tokenHash = oneTimeTokenHash(token)
    const userId = await ctx.mailTokens.ownerOf('verify_email', tokenHash, now)
    const verified = await ctx.transact(call, async (work) => {
      // The account is locked before its rows, as everywhere, to avoid deadlocks.
      const user = userId === undefined ? undefined : await work.users.lock(userId)
      if (!user) return false
      if (!(await work.mailTokens.take('verify_email', tokenHash, now))) return false
      await work.users.markVerified(user.id, now)
      await work.audit.record(call, { action: 'email_verify', userId: user.id }, now)
      await closeUnprovedAccess(work, user, 'email_verified', call, now)
      return true
    })
    if (verified) return {}
    await ctx.audit.record(call, { action: 'email_verify', userId: null, failure: 'MAIL_TOKEN_INVALID' }, now)
    throw new AppError('MAIL_TOKEN_INVALID')
  }
}

export function resendVerification(ctx: Context): Handler<typeof auth.resendVerification> {
  return async ({ email }, call) => {
    await requestMail(ctx, 'verify_email', 'email_resend', email, call)
    return {}
  }
}
