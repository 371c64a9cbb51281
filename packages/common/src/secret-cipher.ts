import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const IV_BYTES = 12
const TAG_BYTES = 16

export interface SecretCipher {
  /** The same `label` is needed to decrypt, so that a ciphertext cannot be moved to another row. */
  encrypt(plain: Buffer, label: string): Buffer
  /** Throws when key or label are wrong, or the ciphertext was changed. */
  decrypt(sealed: Buffer, label: string): Buffer
}

/**
 * Encrypts secrets for the database with AES-256-GCM (NIST SP 800-38D) and a random 96-bit IV; the result is iv ‖ tag ‖
 * ciphertext. The key is derived from `secret` (at least 32 bytes) and `purpose`.
 */
export function createSecretCipher(secret: Buffer, purpose: string): SecretCipher {
  const key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
  return {
    encrypt(plain, label) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(label))
      const body = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body])
    },
    decrypt(sealed, label) {
      const iv = sealed.subarray(0, IV_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(label))
        .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
    },
  }
}
