import type { Call, Handler } from '@kinora/common/contract'
import type { Assertion, auth, SignedIn } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { webAuthnChallenge } from '../domain/challenges.ts'
import { AMR } from '../domain/sign-in.ts'
import { assertionOptions } from '../infra/webauthn.ts'
import { lockMfaChallenge } from '../operations/mfa-challenges.ts'
import { tryPasskey } from '../operations/passkeys.ts'
import { type TypedCode, tryCode } from '../operations/second-factor.ts'
import { openSession } from '../operations/sessions.ts'
import type { Work } from '../operations/transact.ts'

export function beginMfaPasskey(ctx: Context): Handler<typeof auth.beginMfaPasskey> {
  return async ({ mfaToken }, call) => {
    const passkeys = await ctx.transact(call, async (work) => {
      const found = await lockMfaChallenge(work, mfaToken, ctx.now())
      if ('refusal' in found) throw found.refusal
      return await work.passkeys.ofUser(found.user.id)
    })
    if (passkeys.length === 0) throw new AppError('PASSKEY_NOT_FOUND')
    const challenge = webAuthnChallenge(mfaToken)
    return { options: { ...(await assertionOptions(ctx.relyingParty, challenge, 'discouraged', passkeys)) } }
  }
}

type Proof = TypedCode | { passkey: Assertion }

export function finishLogin(ctx: Context): Handler<typeof auth.finishLogin> {
  return async ({ mfaToken, code, recoveryCode, passkey }, call) => {
    const proof = passkey ? { passkey } : code === undefined ? { recoveryCode: recoveryCode ?? '' } : { code }
    const outcome = await ctx.transact(call, (work) => redeem(ctx, work, mfaToken, proof, call))
    if (outcome instanceof AppError) throw outcome
    return outcome
  }
}

/**
 * Runs one try in one transaction. The challenge's lock makes tries run one after another, and counts and used codes are
 * committed together with the answer.
 */
async function redeem(
  ctx: Context,
  work: Work,
  mfaToken: string,
  proof: Proof,
  call: Call,
): Promise<SignedIn | AppError> {
  const found = await lockMfaChallenge(work, mfaToken, ctx.now())
  if ('refusal' in found) return await refuse(ctx, work, found.userId, found.refusal, call)
  const { tokenHash, user } = found
  await work.mfaChallenges.countAttempt(tokenHash)
  const refusal =
    'passkey' in proof
      ? await tryPasskey(ctx, work, user.id, proof.passkey, mfaToken)
      : await tryCode(ctx, work, user.id, proof, call, 'MFA_CODE_INVALID')
  if (refusal) return await refuse(ctx, work, user.id, refusal, call)
  await work.mfaChallenges.delete(tokenHash)
  const amr = 'passkey' in proof ? AMR.passwordAndPasskey : AMR.passwordAndCode
  return await openSession(ctx, work, 'login', user, call, amr)
}

async function refuse(
  ctx: Context,
  work: Work,
  userId: string | null,
  refusal: AppError,
  call: Call,
): Promise<AppError> {
  await work.audit.record(call, { action: 'mfa', userId, failure: refusal.code }, ctx.now())
  return refusal
}
