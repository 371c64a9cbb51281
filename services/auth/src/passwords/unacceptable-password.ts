import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import { passwordProblem } from '../domain/password-policy.ts'

/** `PASSWORD_UNACCEPTABLE` with the reason, for a password that may not become this account's; else null. */
export async function unacceptablePassword(
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
