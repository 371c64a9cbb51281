import type { User } from '@kinora/common/contracts'
import type { UserRow } from '../db/schema.ts'

export function toUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    displayName: row.display_name,
    role: row.role,
    emailVerified: row.email_verified_at !== null,
    mfaEnabled: row.mfa_enabled_at !== null,
    createdAt: row.created_at.toISOString(),
  }
}
