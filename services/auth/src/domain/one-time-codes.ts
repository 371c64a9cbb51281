import { generateSecret, generateURI, verifySync } from 'otplib'
import encodeQR from 'qr'

/** Seconds. */
const PERIOD = 30
const SECRET_BYTES = 20

/** Base32; 160 bits, as RFC 4226 section 4 recommends. */
export function newTotpSecret(): string {
  return generateSecret({ length: SECRET_BYTES })
}

/**
 * The time step whose code this is, with one step either way for clocks that differ (RFC 6238 section 5.2); null for a
 * wrong code. SHA-1, six digits, thirty seconds: many apps ignore anything else. `code` has six digits.
 */
export function matchedStep(secret: string, code: string, now: Date): number | null {
  const epoch = Math.floor(now.getTime() / 1000)
  const result = verifySync({ secret, token: code, epoch, epochTolerance: PERIOD, period: PERIOD })
  // The other strategy of this library, HOTP, has a result without a time step.
  return result.valid && 'timeStep' in result ? result.timeStep : null
}

/** What authenticator apps read: `otpauth://totp/<issuer>:<account>?secret=…&issuer=…`. */
export function totpUrl(secret: string, issuer: string, account: string): string {
  return generateURI({ secret, issuer, label: account, algorithm: 'sha1', digits: 6, period: PERIOD })
}

/** The same as a picture, for a phone's camera. */
export function qrSvgOf(url: string): string {
  return encodeQR(url, 'svg', { ecc: 'medium', optimize: true })
}
