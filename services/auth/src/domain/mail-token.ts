import { createHash, randomBytes } from 'node:crypto'

export type MailTokenPurpose = 'verify_email' | 'reset_password'

/** 256 random bits in base64url, and what the database keeps of them. */
export function newMailToken(): { token: string; hash: Buffer } {
  const token = randomBytes(32).toString('base64url')
  return { token, hash: hashMailToken(token) }
}

export function hashMailToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
