import type { Call } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { confirmPassword } from '../passwords/confirm-password.ts'
import type { AuditAction } from '../repositories/audit.ts'
import type { Work } from '../repositories/index.ts'
import { tryCode, typedCode } from './try-code.ts'

export interface Proof {
  password: string
  code: string
}

/**
 * Does `change` for a user who gives both factors again, in one transaction with the use of the code. The password is
 * asked first, so that a session alone gives no guesses at codes.
 */
export async function withPasswordAndCode<T>(
  ctx: Context,
  { userId, action }: { userId: string; action: AuditAction },
  { password, code }: Proof,
  call: Call,
  change: (work: Work) => Promise<T>,
): Promise<T> {
  await confirmPassword(ctx, userId, password, action, call)
  const outcome = await ctx.transact(async (work) => {
    const user = await work.users.lock(userId)
    if (!user?.mfa_enabled_at) return new AppError('MFA_NOT_ENABLED')
    const refusal = await tryCode(ctx, work, userId, typedCode(code), call, 'MFA_CODE_WRONG')
    await work.audit.record(call, { action, userId, ...(refusal && { failure: refusal.code }) }, ctx.now())
    return refusal ?? (await change(work))
  })
  if (outcome instanceof AppError) throw outcome
  return outcome
}
