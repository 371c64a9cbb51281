import type { Call, Handler } from '@kinora/common/contract'
import type { auth, SignedIn } from '@kinora/common/contracts'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { challengeTokenHash } from '../../domain/challenge-token.ts'
import { judgeChallenge } from '../../domain/judge-challenge.ts'
import type { Work } from '../../repositories/index.ts'
import { type TypedCode, tryCode } from '../../second-factor/try-code.ts'
import { AMR } from '../../sessions/amr.ts'
import { openSession } from '../../sessions/open-session.ts'

export function finishLogin(ctx: Context): Handler<typeof auth.finishLogin> {
  return async ({ mfaToken, code, recoveryCode }, call) => {
    const typed = code === undefined ? { recoveryCode: recoveryCode ?? '' } : { code }
    const outcome = await ctx.transact((work) => redeem(ctx, work, challengeTokenHash(mfaToken), typed, call))
    if (outcome instanceof AppError) throw outcome
    return outcome
  }
}

/**
 * One transaction: the challenge's lock makes its tries take turns, and whatever is counted or used up is committed
 * together with the answer. The account is locked first, as everywhere, so that nobody waits in a circle.
 */
async function redeem(
  ctx: Context,
  work: Work,
  tokenHash: Buffer,
  typed: TypedCode,
  call: Call,
): Promise<SignedIn | AppError> {
  const ownerId = await work.mfaChallenges.ownerOf(tokenHash)
  const user = ownerId === undefined ? undefined : await work.users.lockForSignIn(ownerId)
  const challenge = user && (await work.mfaChallenges.lock(tokenHash))
  if (!user || !challenge) return await refuse(ctx, work, null, new AppError('MFA_TOKEN_INVALID'), call)
  const verdict = judgeChallenge(challenge, user, ctx.now())
  if (verdict) return await refuse(ctx, work, user.id, new AppError(verdict), call)

  await work.mfaChallenges.countAttempt(tokenHash)
  const refusal = await tryCode(ctx, work, user.id, typed, call)
  if (refusal) return await refuse(ctx, work, user.id, refusal, call)
  await work.mfaChallenges.delete(tokenHash)
  return await openSession(ctx, work, 'login', user, call, AMR.passwordAndCode)
}

async function refuse(
  ctx: Context,
  work: Work,
  userId: string | null,
  refusal: AppError,
  call: Call,
): Promise<AppError> {
  const failure: ErrorCode = refusal.code
  await work.audit.record(call, { action: 'mfa', userId, failure }, ctx.now())
  return refusal
}
