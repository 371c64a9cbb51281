import type { Call, Handler } from '@kinora/common/contract'
import type { Assertion, auth, SignedIn } from '@kinora/common/contracts'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import { oneTimeTokenHash, webAuthnChallenge } from '../domain/challenges.ts'
import { AMR, signInRefusal } from '../domain/sign-in.ts'
import { assertionOptions, userHandle } from '../infra/webauthn.ts'
import { acceptAssertion, openPasskeyChallenge } from '../operations/passkeys.ts'
import { openSession } from '../operations/sessions.ts'
import type { Work } from '../operations/transact.ts'

export function beginPasskeyLogin(ctx: Context): Handler<typeof auth.beginPasskeyLogin> {
  return async () => {
    const challengeToken = await openPasskeyChallenge(ctx, null)
    const options = await assertionOptions(ctx.relyingParty, webAuthnChallenge(challengeToken), 'required')
    return { challengeToken, options: { ...options } }
  }
}

export function loginWithPasskey(ctx: Context): Handler<typeof auth.loginWithPasskey> {
  return async ({ challengeToken, response }, call) => {
    if (!(await ctx.passkeyChallenges.take(oneTimeTokenHash(challengeToken), null, ctx.now()))) {
      throw new AppError('PASSKEY_CHALLENGE_INVALID')
    }
    const challenge = webAuthnChallenge(challengeToken)
    const outcome = await ctx.transact(call, (work) => redeem(ctx, work, response, challenge, call))
    if (outcome instanceof AppError) throw outcome
    return outcome
  }
}

/** An unknown passkey, a passkey of another user and a wrong signature get the same answer. */
async function redeem(
  ctx: Context,
  work: Work,
  response: Assertion,
  challenge: string,
  call: Call,
): Promise<SignedIn | AppError> {
  const passkey = await work.passkeys.byCredentialId(Buffer.from(response.id, 'base64url'))
  const user = passkey && (await work.users.lockForSignIn(passkey.user_id))
  const proof = { response, challenge, verification: 'required' } as const
  // WebAuthn level 3, section 7.2, step 6: the user is not identified yet, so the device must name them.
  const isNamed = user && response.response.userHandle === userHandle(user.id)
  if (!isNamed || !(await acceptAssertion(ctx, work, passkey, proof))) {
    return await refuse(ctx, work, user, 'PASSKEY_INVALID', call)
  }
  const refusal = signInRefusal(user, ctx.mail.verification)
  if (refusal) return await refuse(ctx, work, user, refusal, call)
  return await openSession(ctx, work, 'login', user, call, AMR.passkey)
}

async function refuse(
  ctx: Context,
  work: Work,
  user: UserRow | undefined,
  failure: ErrorCode,
  call: Call,
): Promise<AppError> {
  await work.audit.record(call, { action: 'login', userId: user?.id ?? null, failure }, ctx.now())
  return new AppError(failure)
}
