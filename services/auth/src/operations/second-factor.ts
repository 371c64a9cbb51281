import type { Call } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { recoveryCodeHash } from '../domain/recovery-code.ts'
import { matchedStep } from '../domain/totp.ts'
import type { Work } from '../repositories/index.ts'
import { openTotpSecret } from './totp-secret.ts'

/** What somebody has typed: six digits from the app, or a recovery code. */
export type TypedCode = { code: string } | { recoveryCode: string }

/** For places that take either: a recovery code is never six digits. */
export function typedCode(text: string): TypedCode {
  return /^\d{6}$/.test(text.trim()) ? { code: text.trim() } : { recoveryCode: text }
}

/**
 * Uses a code up, in the caller's transaction, or gives the reason of the refusal. It is counted as a failure first and
 * taken back when it was right: of many guesses at once no more are looked at than are allowed. A refusal is returned,
 * not thrown, because the count must be committed. `wrong` is what a wrong code is called: where somebody is signed in it
 * must not be a 401, after which clients would refresh their token and send it again.
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
  await work.codeAttempts.forgive(userId)
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
