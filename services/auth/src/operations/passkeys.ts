import type { Assertion } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { PasskeyRow } from '../db/schema.ts'
import { createOneTimeToken, webAuthnChallenge } from '../domain/challenges.ts'
import { type Verification, verifyAssertion } from '../infra/webauthn.ts'
import type { Work } from './transact.ts'

const LIFETIME_MS = 300_000

/** Starts adding a passkey for `userId`, or a sign-in by an unknown user (null); returns the token that finishes it. */
export async function openPasskeyChallenge(
  { passkeyChallenges, now }: Context,
  userId: string | null,
): Promise<string> {
  const { token, hash } = createOneTimeToken()
  const expiresAt = new Date(now().getTime() + LIFETIME_MS)
  await passkeyChallenges.insert({ token_hash: hash, user_id: userId, expires_at: expiresAt })
  return token
}

/**
 * Whether the proof is genuine and by this passkey. The account must be locked. A proof works once, because its counter
 * or challenge does.
 */
export async function acceptAssertion(
  { relyingParty, now }: Context,
  work: Work,
  passkey: PasskeyRow,
  proof: { response: Assertion; challenge: string; verification: Verification },
): Promise<boolean> {
  const { response, challenge, verification } = proof
  const signCount = await verifyAssertion(relyingParty, response, challenge, verification, passkey)
  return signCount !== null && (await work.passkeys.recordUse(passkey.id, signCount, now()))
}

/**
 * Why a passkey does not finish this sign-in; null if it does. A signature cannot be guessed, so it does not count against
 * the account's limit on codes: its owner can sign in while somebody else guesses codes.
 */
export async function tryPasskey(
  ctx: Context,
  work: Work,
  userId: string,
  response: Assertion,
  mfaToken: string,
): Promise<AppError | null> {
  const passkey = await work.passkeys.byCredentialId(Buffer.from(response.id, 'base64url'))
  const proof = { response, challenge: webAuthnChallenge(mfaToken), verification: 'discouraged' } as const
  const isTheirs = passkey?.user_id === userId
  return isTheirs && (await acceptAssertion(ctx, work, passkey, proof)) ? null : new AppError('PASSKEY_INVALID')
}
