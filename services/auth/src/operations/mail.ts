import type { Call } from '@kinora/common/contract'
import { normaliseEmail } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { MailRow, MailTokenPurpose, UserRow } from '../db/schema.ts'
import type { AuditAction } from '../domain/audit.ts'
import { newOneTimeToken } from '../domain/challenges.ts'
import {
  accountExistsLetter,
  type Letter,
  type MailKind,
  passwordChangedLetter,
  passwordResetLetter,
  resetPasswordLetter,
  secondFactorResetLetter,
  verifyEmailLetter,
} from '../domain/mail-templates.ts'

/**
 * A mail to whoever has an address, at anybody's wish. The asker must not learn whether anybody has it: one look-up, one
 * row in the queue and one in the audit log either way; everything else happens when the mail is to be sent.
 */
export async function requestMail(
  ctx: Context,
  kind: MailKind,
  action: AuditAction,
  email: string,
  call: Call,
): Promise<void> {
  const userId = (await ctx.users.byEmail(normaliseEmail(email)))?.id ?? null
  const now = ctx.now()
  await ctx.transact(async (work) => {
    await work.mailQueue.add(kind, userId, call, now)
    await work.audit.record(call, { action, userId }, now)
  })
  ctx.pokeRelay()
}

const LIFETIME_MS: Record<MailTokenPurpose, number> = {
  verify_email: 24 * 3600 * 1000,
  reset_password: 30 * 60 * 1000,
}

/** What a queued mail says by now; null when there is no reason to send it any more. */
export async function compose(ctx: Context, mail: MailRow, user: UserRow): Promise<Letter | null> {
  // A service account has no password, and gets none by mail.
  if (user.password_hash === null) return null
  switch (mail.kind) {
    case 'verify_email':
      if (user.email_verified_at || user.disabled_at) return null
      return verifyEmailLetter(user, await link(ctx, user.id, mail.kind))
    case 'reset_password':
      if (user.disabled_at) return null
      return resetPasswordLetter(user, await link(ctx, user.id, mail.kind))
    case 'account_exists':
      return accountExistsLetter(user)
    case 'password_changed':
      return passwordChangedLetter(user, mail)
    case 'password_reset':
      return passwordResetLetter(user, mail)
    case 'second_factor_reset':
      return secondFactorResetLetter(user, mail)
  }
}

/**
 * The token is made only now, at each attempt anew: until it leaves it is nowhere, and its time does not run out in the
 * queue. It stands in the fragment, which a browser sends to no server.
 */
async function link(ctx: Context, userId: string, purpose: MailTokenPurpose): Promise<string> {
  const { token, hash } = newOneTimeToken()
  const expiresAt = new Date(ctx.now().getTime() + LIFETIME_MS[purpose])
  await ctx.mailTokens.put({ user_id: userId, purpose, token_hash: hash, expires_at: expiresAt })
  return `${ctx.mail.pages[purpose]}#token=${token}`
}
