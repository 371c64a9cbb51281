import type { Call, SessionTransport } from '@kinora/common/contract'
import type { UserRow } from '../db/schema.ts'

/** How somebody proved who they are, in the words of RFC 8176. */
export const AMR = {
  password: ['pwd'],
  passwordAndCode: ['pwd', 'otp', 'mfa'],
  // Without attestation nobody can say whether a key is in hardware.
  passwordAndPasskey: ['pwd', 'swk', 'user', 'mfa'],
  passkey: ['swk', 'user', 'mfa'],
} as const satisfies Record<string, readonly string[]>
export type Amr = (typeof AMR)[keyof typeof AMR]

export type SignInRefusal = 'ACCOUNT_DISABLED' | 'EMAIL_NOT_VERIFIED'

/** Why an account may open no session, whatever its owner has proved; null when it may. To be asked under its lock. */
export function signInRefusal(user: UserRow, needsVerifiedEmail: boolean): SignInRefusal | null {
  if (user.disabled_at) return 'ACCOUNT_DISABLED'
  if (needsVerifiedEmail && !user.email_verified_at) return 'EMAIL_NOT_VERIFIED'
  return null
}

/** How the caller carries refresh tokens. */
export function transportOf({ client }: Call): SessionTransport {
  return client?.transport ?? 'body'
}
