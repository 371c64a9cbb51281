import type { Call, SessionActor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import type { AuditAction } from '../domain/audit.ts'
import { passwordProblem } from '../domain/password-policy.ts'

/** A sign-in younger than this counts as giving the password. */
const FRESH_MS = 15 * 60 * 1000

/** Checks that the signed-in user knows the account's password. Throws `PASSWORD_WRONG`, audited as a failure of `action`. */
export async function confirmPassword(
  ctx: Context,
  userId: string,
  password: string,
  action: AuditAction,
  call: Call,
): Promise<void> {
  const user = await ctx.users.byId(userId)
  if (await ctx.passwords.verify(password, user?.password_hash ?? null, call.signal)) return
  const failure = 'PASSWORD_WRONG'
  await ctx.audit.record(call, { action, userId, failure }, ctx.now())
  throw new AppError(failure)
}

/**
 * Must be called before adding anything that can sign in later or lock others out, so that a stolen session is not enough to
 * take over the account. Throws `REAUTHENTICATION_REQUIRED` when a password is needed and missing.
 */
export async function reauthenticate(
  ctx: Context,
  { userId, sessionId }: SessionActor,
  password: string | undefined,
  action: AuditAction,
  call: Call,
): Promise<void> {
  if (password !== undefined) return await confirmPassword(ctx, userId, password, action, call)
  const openedAt = await ctx.sessions.openedAt(sessionId)
  if (!openedAt || ctx.now().getTime() - openedAt.getTime() > FRESH_MS) throw new AppError('REAUTHENTICATION_REQUIRED')
}

/** `PASSWORD_UNACCEPTABLE` with the reason for a password that the account may not use; otherwise null. */
export async function evaluatePassword(
  ctx: Context,
  password: string,
  { email, display_name }: Pick<UserRow, 'email' | 'display_name'>,
  field = 'password',
): Promise<AppError | null> {
  const problem =
    passwordProblem(password, { email, displayName: display_name }, ctx.passwordMinLength) ??
    ((await ctx.isBreached(password)) ? 'This password is in lists of stolen passwords.' : null)
  if (problem === null) return null
  return new AppError('PASSWORD_UNACCEPTABLE', { detail: problem, fields: [{ path: field, message: problem }] })
}
