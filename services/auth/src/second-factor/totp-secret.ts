import type { SecretCipher } from '@kinora/common/secret-cipher'

/** Bound to its owner: what is moved to another user's row cannot be opened there. */
export function sealTotpSecret(cipher: SecretCipher, userId: string, secret: string): Buffer {
  return cipher.encrypt(Buffer.from(secret), labelOf(userId))
}

export function openTotpSecret(cipher: SecretCipher, userId: string, sealed: Buffer): string {
  return cipher.decrypt(sealed, labelOf(userId)).toString()
}

function labelOf(userId: string): string {
  return `totp ${userId}`
}
