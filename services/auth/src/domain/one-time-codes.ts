import { createHash, randomBytes } from 'node:crypto'
import type { SecretCipher } from '@kinora/common/secret-cipher'
import { generateSecret, generateURI, verifySync } from 'otplib'
import encodeQR from 'qr'

/** Seconds. */
const PERIOD = 30
const SECRET_BYTES = 20

/** A new secret of 160 bits, as RFC 4226 section 4 recommends, in base32. */
export function createTotpSecret(): string {
  return generateSecret({ length: SECRET_BYTES })
}

/**
 * The time step of a code, allowing one step before and after for clocks that differ (RFC 6238 section 5.2); null for a
 * wrong code. Uses SHA-1, six digits and 30 s, because many apps support nothing else. `code` has six digits.
 */
export function matchedStep(secret: string, code: string, now: Date): number | null {
  const epoch = Math.floor(now.getTime() / 1000)
  const result = verifySync({ secret, token: code, epoch, epochTolerance: PERIOD, period: PERIOD })
  // The other strategy of this library, HOTP, has a result without a time step.
  return result.valid && 'timeStep' in result ? result.timeStep : null
}

/** The URL that authenticator apps read: `otpauth://totp/<issuer>:<account>?secret=…&issuer=…`. */
export function totpUrl(secret: string, issuer: string, account: string): string {
  return generateURI({ secret, issuer, label: account, algorithm: 'sha1', digits: 6, period: PERIOD })
}

/** The URL as a QR code in SVG, for a phone's camera. */
export function qrSvgOf(url: string): string {
  return encodeQR(url, 'svg', { ecc: 'medium', optimize: true })
}

/** Encrypts a secret, bound to its owner: copied to another user's row it cannot be decrypted. */
export function sealTotpSecret(cipher: SecretCipher, userId: string, secret: string): Buffer {
  return cipher.encrypt(Buffer.from(secret), labelOf(userId))
}

export function openTotpSecret(cipher: SecretCipher, userId: string, sealed: Buffer): string {
  return cipher.decrypt(sealed, labelOf(userId)).toString()
}

function labelOf(userId: string): string {
  return `totp ${userId}`
}

/** Crockford's base 32: no I, L, O and U, which are misread or spell words. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 120 bits; from 112 bits a fast hash is enough (OWASP ASVS 5.0, 6.5.2). */
const CHARACTERS = 24
const GROUP = 4
const CODES = 10

/** Ten new codes like `7K3M-9QTX-0B2F-HN5C-4W8D-Z1YR`. */
export function createRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () => {
    // 32 divides 256, so every character is as likely as any other.
    const characters = Array.from(randomBytes(CHARACTERS), (byte) => ALPHABET[byte % ALPHABET.length])
    return characters.join('').replace(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-')
  })
}

/** SHA-256 of a typed code. Case, spaces and dashes do not matter, and letters that look like digits count as these. */
export function recoveryCodeHash(typed: string): Buffer {
  const canonical = typed.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0')
  return createHash('sha256').update(canonical).digest()
}
