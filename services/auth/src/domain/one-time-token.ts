import { createHash, randomBytes } from 'node:crypto'

export interface OneTimeToken {
  /** For the client alone. */
  token: string
  /** For the database. */
  hash: Buffer
}

/** 256 random bits in base64url: a plain hash is enough to make the stored side useless to a thief. */
export function newOneTimeToken(): OneTimeToken {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: oneTimeTokenHash(token) }
}

export function oneTimeTokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
