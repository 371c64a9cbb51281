import { createHash, randomBytes } from 'node:crypto'

const BYTES = 32
/** Base64url of that many bytes. */
const SHAPE = /^[\w-]{43}$/

/** The token of an upload link: 256 random bits, in its address. */
export function newUploadLinkToken(): string {
  return randomBytes(BYTES).toString('base64url')
}

export function isUploadLinkToken(text: string): boolean {
  return SHAPE.test(text)
}

/** SHA-256 in base64url, which is stored and sent between services instead of the token. */
export function digestOfUploadLinkToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
