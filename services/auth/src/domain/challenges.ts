import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { ErrorCode } from '@kinora/common/errors'
import type { MfaChallengeRow, UserRow } from '../db/schema.ts'

export interface OneTimeToken {
  /** Sent to the client and not stored. */
  token: string
  /** Stored in the database. */
  hash: Buffer
}

/** 256 random bits in base64url, so a plain hash is enough to make a stolen database useless. */
export function createOneTimeToken(): OneTimeToken {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: oneTimeTokenHash(token) }
}

export function oneTimeTokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/**
 * The challenge that an authenticator signs, base64url. It is derived from the one-time token, so it need not be stored, and
 * the token cannot be derived from it. It is random and used once, as WebAuthn requires (level 3, section 13.4.3), because
 * the token is.
 */
export function webAuthnChallenge(token: string): string {
  return createHmac('sha256', token).update('webauthn challenge').digest('base64url')
}

/** Tries at the second factor for each sign-in with a password. */
export const CHALLENGE_ATTEMPTS = 5

export type ChallengeRefusal = Extract<ErrorCode, `MFA_TOKEN_${string}` | 'ACCOUNT_DISABLED'>

/** Changes with the password and does not reveal its hash. */
export function passwordFingerprint({ password_hash }: Pick<UserRow, 'password_hash'>): Buffer {
  return createHash('sha256')
    .update(password_hash ?? '')
    .digest()
}

/**
 * Why a sign-in cannot continue with its second factor; null if it can. Checks the account again, because it may have
 * changed since the password was checked.
 */
export function evaluateChallenge(
  challenge: Pick<MfaChallengeRow, 'attempts' | 'expires_at' | 'password_fingerprint'>,
  user: Pick<UserRow, 'password_hash' | 'disabled_at' | 'mfa_enabled_at'>,
  now: Date,
): ChallengeRefusal | null {
  if (challenge.expires_at <= now) return 'MFA_TOKEN_EXPIRED'
  if (challenge.attempts >= CHALLENGE_ATTEMPTS) return 'MFA_TOKEN_EXHAUSTED'
  if (user.disabled_at) return 'ACCOUNT_DISABLED'
  // Both sides are stored values, so the comparison need not take constant time.
  if (!user.mfa_enabled_at || !passwordFingerprint(user).equals(challenge.password_fingerprint)) {
    return 'MFA_TOKEN_INVALID'
  }
  return null
}
