import type { Call } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { AuditAction } from '../repositories/audit.ts'

/** That the signed-in user knows the account's password. Throws `PASSWORD_WRONG`, audited as a failure of `action`. */
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
