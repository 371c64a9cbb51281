import type { Call } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import type { AuditAction } from '../domain/audit.ts'
import { createRecoveryCodes, matchedStep, openTotpSecret, recoveryCodeHash } from '../domain/one-time-codes.ts'
import { confirmPassword } from './passwords.ts'
import type { Work } from './transact.ts'

export interface Proof {
  password: string
  code: string
}

/**
 * Runs `change` for a user who gives both factors again, in one transaction with the use of the code. The password is checked
 * first, so that a session alone gives no guesses at codes.
 */
export async function withPasswordAndCode<T>(
  ctx: Context,
  { userId, action }: { userId: string; action: AuditAction },
  { password, code }: Proof,
  call: Call,
  change: (work: Work) => Promise<T>,
): Promise<T> {
  await confirmPassword(ctx, userId, password, action, call)
  const outcome = await ctx.transact(call, async (work) => {
    const user = await work.users.lock(userId)
    if (!user?.mfa_enabled_at) return new AppError('MFA_NOT_ENABLED')
    const refusal = await tryCode(ctx, work, userId, parseCode(code), call, 'MFA_CODE_WRONG')
    await work.audit.record(call, { action, userId, ...(refusal && { failure: refusal.code }) }, ctx.now())
    return refusal ?? (await change(work))
  })
  if (outcome instanceof AppError) throw outcome
  return outcome
}

/**
 * Confirms that the signed-in user wants something that cannot be undone: by the password and, if the account has a second
 * factor, a code. Throws `PASSWORD_WRONG`, `MFA_CODE_REQUIRED`, `MFA_NOT_ENABLED`, `MFA_CODE_WRONG`, `MFA_LOCKED`.
 */
export async function confirmIdentity(
  ctx: Context,
  who: { userId: string; action: AuditAction },
  { password, code }: { password: string; code?: string | undefined },
  call: Call,
): Promise<void> {
  if (code !== undefined) return await withPasswordAndCode(ctx, who, { password, code }, call, async () => {})
  await confirmPassword(ctx, who.userId, password, who.action, call)
  const user = await ctx.users.byId(who.userId)
  if (!user) throw new AppError('UNAUTHENTICATED')
  if (user.mfa_enabled_at) throw new AppError('MFA_CODE_REQUIRED')
}

/** A typed code: six digits from the app, or a recovery code. */
export type TypedCode = { code: string } | { recoveryCode: string }

/** Tells the kinds of code apart: a recovery code never consists of six digits. */
function parseCode(text: string): TypedCode {
  return /^\d{6}$/.test(text.trim()) ? { code: text.trim() } : { recoveryCode: text }
}

/**
 * Uses a code, in the caller's transaction, or returns the refusal. The try is first counted as a failure, and discounted when
 * the code was right, so that many guesses at once cannot exceed the limit. A refusal is returned, not thrown, because the
 * count must be committed. `wrong` is the error code for a wrong code: for a signed-in user it must not be a 401, after which
 * clients would refresh their token and repeat the request.
 */
export async function tryCode(
  ctx: Context,
  work: Work,
  userId: string,
  typed: TypedCode,
  call: Call,
  wrong: 'MFA_CODE_INVALID' | 'MFA_CODE_WRONG',
): Promise<AppError | null> {
  const now = ctx.now()
  const lockedUntil = await work.codeAttempts.count(userId, ctx.codeAllowance, now)
  if (lockedUntil) return new AppError('MFA_LOCKED', { retryAfterMs: lockedUntil.getTime() - now.getTime() })
  const accepted =
    'code' in typed
      ? await useTotpCode(ctx, work, userId, typed.code)
      : await useRecoveryCode(ctx, work, userId, typed.recoveryCode, call)
  if (!accepted) return new AppError(wrong)
  await work.codeAttempts.discountFailure(userId)
  return null
}

async function useTotpCode(ctx: Context, work: Work, userId: string, code: string): Promise<boolean> {
  const sealed = await work.totpFactors.enabledSecret(userId)
  const step = sealed ? matchedStep(openTotpSecret(ctx.cipher, userId, sealed), code, ctx.now()) : null
  return step !== null && (await work.totpFactors.advance(userId, step))
}

async function useRecoveryCode(
  ctx: Context,
  work: Work,
  userId: string,
  recoveryCode: string,
  call: Call,
): Promise<boolean> {
  const used = await work.recoveryCodes.use(userId, recoveryCodeHash(recoveryCode), ctx.now())
  if (used) await work.audit.record(call, { action: 'recovery_code_use', userId }, ctx.now())
  return used
}

/** Replaces all recovery codes and returns the new ones, which cannot be read again. */
export async function replaceRecoveryCodes(work: Work, userId: string): Promise<string[]> {
  const codes = createRecoveryCodes()
  await work.recoveryCodes.replace(userId, codes.map(recoveryCodeHash))
  return codes
}

/** Removes authenticator app, recovery codes and passkeys from a locked account, audited, in the caller's transaction. */
export async function removeSecondFactor(
  work: Work,
  { id: userId, mfa_enabled_at }: Pick<UserRow, 'id' | 'mfa_enabled_at'>,
  call: Call,
  now: Date,
): Promise<void> {
  await removePasskeys(work, userId, call, now)
  // Also removes a setup that was not finished.
  await work.totpFactors.delete(userId)
  if (!mfa_enabled_at) return
  await work.recoveryCodes.delete(userId)
  await work.users.setMfaEnabled(userId, null, now)
  await work.audit.record(call, { action: 'totp_disable', userId }, now)
}

/** Removes all passkeys of a locked account, audited, in the caller's transaction. */
export async function removePasskeys(work: Work, userId: string, call: Call, now: Date): Promise<void> {
  for (const { id } of await work.passkeys.ofUser(userId)) {
    await work.passkeys.delete(id, userId)
    await work.audit.record(call, { action: 'passkey_remove', userId }, now)
  }
}
