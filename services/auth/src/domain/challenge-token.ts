import { createHash, createHmac, randomBytes } from 'node:crypto'

export interface ChallengeToken {
  /** For the client alone. */
  token: string
  /** For the database. */
  hash: Buffer
}

/** 256 random bits: a plain hash is enough to make the stored side useless to a thief. */
export function newChallengeToken(): ChallengeToken {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: challengeTokenHash(token) }
}

/**
 * What an authenticator is asked to sign, base64url: it need not be stored, because it follows from the token, and the
 * token does not follow from it. Random and used once, as WebAuthn asks (level 3, section 13.4.3), because the token is.
 */
export function webAuthnChallenge(token: string): string {
  return createHmac('sha256', token).update('webauthn challenge').digest('base64url')
}

export function challengeTokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
