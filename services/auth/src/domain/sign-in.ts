import type { Call, SessionTransport } from '@kinora/common/contract'
import type { UserRow } from '../db/schema.ts'

/** How a user proved their identity, as values of RFC 8176. */
export const AMR = {
  password: ['pwd'],
  passwordAndCode: ['pwd', 'otp', 'mfa'],
  // `swk`: without attestation it is unknown whether a key is in hardware.
  passwordAndPasskey: ['pwd', 'swk', 'user', 'mfa'],
  passkey: ['swk', 'user', 'mfa'],
} as const satisfies Record<string, readonly string[]>
export type Amr = (typeof AMR)[keyof typeof AMR]

export type SignInRefusal = 'ACCOUNT_DISABLED' | 'EMAIL_NOT_VERIFIED'

/**
 * Why an account may not open a session, whatever its owner has proved; null if it may. The caller holds the account's
 * lock.
 */
export function signInRefusal(user: UserRow, needsVerifiedEmail: boolean): SignInRefusal | null {
  if (user.disabled_at) return 'ACCOUNT_DISABLED'
  if (needsVerifiedEmail && !user.email_verified_at) return 'EMAIL_NOT_VERIFIED'
  return null
}

/** How the caller transports refresh tokens. */
export function transportOf({ client }: Call): SessionTransport {
  return client?.transport ?? 'body'
}
