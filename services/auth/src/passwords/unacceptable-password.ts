import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import { passwordProblem } from '../domain/password-policy.ts'

/** `PASSWORD_UNACCEPTABLE` with the reason, for a password that may not become this account's; else null. */
export function unacceptablePassword(
  { passwordMinLength }: Context,
  password: string,
  { email, display_name }: Pick<UserRow, 'email' | 'display_name'>,
  field = 'password',
): AppError | null {
  const problem = passwordProblem(password, { email, displayName: display_name }, passwordMinLength)
  if (problem === null) return null
  return new AppError('PASSWORD_UNACCEPTABLE', { detail: problem, fields: [{ path: field, message: problem }] })
}
