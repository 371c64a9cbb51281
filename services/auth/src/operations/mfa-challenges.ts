import type { Call } from '@kinora/common/contract'
import type { MfaMethod, MfaRequired } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'
import { createOneTimeToken, evaluateChallenge, oneTimeTokenHash, passwordFingerprint } from '../domain/challenges.ts'
import type { Work } from './transact.ts'

/** Long enough to find the phone. */
const LIFETIME_SECONDS = 300

/**
 * Records that the password was right, and asks for the second factor. `user` is locked and has the password hash that was
 * checked; a change of the password invalidates the challenge.
 */
export async function openMfaChallenge(ctx: Context, work: Work, user: UserRow, call: Call): Promise<MfaRequired> {
  const now = ctx.now()
  const { token, hash } = createOneTimeToken()
  await work.mfaChallenges.insert({
    token_hash: hash,
    user_id: user.id,
    password_fingerprint: passwordFingerprint(user),
    expires_at: new Date(now.getTime() + LIFETIME_SECONDS * 1000),
  })
  await work.audit.record(call, { action: 'mfa_challenge', userId: user.id }, now)
  return { mfaRequired: true, mfaToken: token, methods: await methodsOf(work, user.id), expiresIn: LIFETIME_SECONDS }
}

async function methodsOf(work: Work, userId: string): Promise<MfaMethod[]> {
  const methods: MfaMethod[] = ['totp']
  if (await work.recoveryCodes.hasUnused(userId)) methods.push('recovery_code')
  if ((await work.passkeys.ofUser(userId)).length > 0) methods.push('passkey')
  return methods
}

export interface FoundChallenge {
  tokenHash: Buffer
  user: UserRow
}

export interface RefusedChallenge {
  refusal: AppError
  userId: string | null
}

/** Locks the account and then the challenge, in the same order as everywhere, to avoid deadlocks. */
export async function lockMfaChallenge(
  work: Work,
  mfaToken: string,
  now: Date,
): Promise<FoundChallenge | RefusedChallenge> {
  const tokenHash = oneTimeTokenHash(mfaToken)
  const ownerId = await work.mfaChallenges.ownerOf(tokenHash)
  const user = ownerId === undefined ? undefined : await work.users.lockForSignIn(ownerId)
  const challenge = user && (await work.mfaChallenges.lock(tokenHash))
  if (!user || !challenge) return { refusal: new AppError('MFA_TOKEN_INVALID'), userId: null }
  const verdict = evaluateChallenge(challenge, user, now)
  return verdict ? { refusal: new AppError(verdict), userId: user.id } : { tokenHash, user }
}
