import { randomUUID } from 'node:crypto'
import type { UserRow } from '../db/schema.ts'

/** Without a password it is a service account. */
export function newUser(email: string, passwordHash: string | null, displayName: string | null, now: Date): UserRow {
  return {
    id: randomUUID(),
    email,
    password_hash: passwordHash,
    display_name: displayName,
    role: 'user',
    email_verified_at: null,
    disabled_at: null,
    mfa_enabled_at: null,
    created_at: now,
    updated_at: now,
  }
}
