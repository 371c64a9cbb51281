import { createHmac } from 'node:crypto'

/**
 * What an authenticator is asked to sign, base64url: it need not be stored, because it follows from the one-time token,
 * and the token does not follow from it. Random and used once, as WebAuthn asks (level 3, section 13.4.3), because the
 * token is.
 */
export function webAuthnChallenge(token: string): string {
  return createHmac('sha256', token).update('webauthn challenge').digest('base64url')
}
