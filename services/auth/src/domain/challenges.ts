import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { ErrorCode } from '@kinora/common/errors'
import type { MfaChallengeRow, UserRow } from '../db/schema.ts'

export interface OneTimeToken {
  /** For the client alone. */
  token: string
  /** For the database. */
  hash: Buffer
}

/** 256 random bits in base64url: a plain hash is enough to make the stored side useless to a thief. */
export function createOneTimeToken(): OneTimeToken {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: oneTimeTokenHash(token) }
}

export function oneTimeTokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/**
 * What an authenticator is asked to sign, base64url: it need not be stored, because it follows from the one-time token,
 * and the token does not follow from it. Random and used once, as WebAuthn asks (level 3, section 13.4.3), because the
 * token is.
 */
export function webAuthnChallenge(token: string): string {
  return createHmac('sha256', token).update('webauthn challenge').digest('base64url')
}

/** Guesses that one password sign-in gives. */
export const CHALLENGE_ATTEMPTS = 5

export type ChallengeRefusal = Extract<ErrorCode, `MFA_TOKEN_${string}` | 'ACCOUNT_DISABLED'>

/** Identifies a password without repeating its hash: when the password changes, so does this. */
export function passwordFingerprint({ password_hash }: Pick<UserRow, 'password_hash'>): Buffer {
  return createHash('sha256')
    .update(password_hash ?? '')
    .digest()
}

/**
 * Why a sign-in that waits for its second factor cannot go on; null when it can. Looks at the account as it is now,
 * because much may have changed since the password was given.
 */
export function evaluateChallenge(
  challenge: Pick<MfaChallengeRow, 'attempts' | 'expires_at' | 'password_fingerprint'>,
  user: Pick<UserRow, 'password_hash' | 'disabled_at' | 'mfa_enabled_at'>,
  now: Date,
): ChallengeRefusal | null {
  if (challenge.expires_at <= now) return 'MFA_TOKEN_EXPIRED'
  if (challenge.attempts >= CHALLENGE_ATTEMPTS) return 'MFA_TOKEN_EXHAUSTED'
  if (user.disabled_at) return 'ACCOUNT_DISABLED'
  // Compared with what is stored, not with anything that a caller sends.
  if (!user.mfa_enabled_at || !passwordFingerprint(user).equals(challenge.password_fingerprint)) {
    return 'MFA_TOKEN_INVALID'
  }
  return null
}
