import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'

export type SignInRefusal = 'ACCOUNT_DISABLED' | 'EMAIL_NOT_VERIFIED'

/** Why an account may open no session, whatever its owner has proved; null when it may. To be asked under its lock. */
export function signInRefusal({ mail }: Context, user: UserRow): SignInRefusal | null {
  if (user.disabled_at) return 'ACCOUNT_DISABLED'
  if (mail.verification && !user.email_verified_at) return 'EMAIL_NOT_VERIFIED'
  return null
}
