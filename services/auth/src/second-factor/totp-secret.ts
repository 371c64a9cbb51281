import type { KeyCipher } from '../keys/key-cipher.ts'

/** Bound to its owner: what is moved to another user's row cannot be opened there. */
export function sealTotpSecret(cipher: KeyCipher, userId: string, secret: string): Buffer {
  return cipher.encrypt(Buffer.from(secret), labelOf(userId))
}

export function openTotpSecret(cipher: KeyCipher, userId: string, sealed: Buffer): string {
  return cipher.decrypt(sealed, labelOf(userId)).toString()
}

function labelOf(userId: string): string {
  return `totp ${userId}`
}
