import { randomUUID } from 'node:crypto'
import type { Input } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { UserRow } from '../db/schema.ts'

/** A new account; without a password it is a service account. */
export function createUser(email: string, passwordHash: string | null, displayName: string | null, now: Date): UserRow {
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

/** An account with its last sign-in and number of live sessions. */
export type UserOverview = UserRow & { last_login_at: Date | null; live_sessions: number }

export type UserChange = 'user_disable' | 'user_enable' | 'user_promote' | 'user_make_support' | 'user_demote'

const TO_ROLE: Record<UserRow['role'], UserChange> = {
  admin: 'user_promote',
  support: 'user_make_support',
  user: 'user_demote',
}

type Wanted = Pick<Input<typeof auth.updateUser>, 'disabled' | 'role'>

export interface Administrators {
  /** The administrator who makes the change; undefined for the command line. */
  actorId: string | undefined
  /** Ids of administrators that are enabled and can sign in. */
  people: ReadonlySet<string>
}

/**
 * The changes that turn an account into the wanted one; empty if nothing differs. Throws `OWN_ACCOUNT` for administrators who
 * would disable their own account, and `LAST_ADMIN` when no administrator would be left.
 */
export function userChanges(
  user: Pick<UserRow, 'id' | 'role' | 'disabled_at'>,
  wanted: Wanted,
  { actorId, people }: Administrators,
): UserChange[] {
  const changes: UserChange[] = []
  if (wanted.disabled === true && !user.disabled_at) changes.push('user_disable')
  if (wanted.disabled === false && user.disabled_at) changes.push('user_enable')
  if (wanted.role !== undefined && wanted.role !== user.role) changes.push(TO_ROLE[wanted.role])

  const loses = changes.includes('user_disable') || (wanted.role !== undefined && wanted.role !== 'admin')
  if (loses && people.has(user.id) && people.size === 1) throw new AppError('LAST_ADMIN')
  if (changes.includes('user_disable') && user.id === actorId) throw new AppError('OWN_ACCOUNT')
  return changes
}
