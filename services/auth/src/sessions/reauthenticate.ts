import type { Call, SessionActor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { confirmPassword } from '../passwords/confirm-password.ts'
import type { AuditAction } from '../repositories/audit.ts'

/** A sign-in this young is as good as the password. */
const FRESH_MS = 15 * 60 * 1000

/**
 * Before something is added by which one can sign in later, or lock others out: whoever merely got hold of a session must
 * not be able to keep the account. Throws `REAUTHENTICATION_REQUIRED` where a password is needed and missing.
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
