import { createHash, randomBytes } from 'node:crypto'

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

export function challengeTokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
