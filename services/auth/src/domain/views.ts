import type { ProjectRole } from '@kinora/common/contract'
import type {
  AdminUser,
  ApiKey,
  Member,
  Passkey,
  Project,
  ProjectInvitation,
  Session,
  User,
} from '@kinora/common/contracts'
import type { ApiKeyRow, PasskeyRow, ProjectInvitationRow, ProjectRow, SessionRow, UserRow } from '../db/schema.ts'
import type { UserOverview } from './users.ts'

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

export function toAdminUser(row: UserOverview): AdminUser {
  return {
    ...toUser(row),
    disabledAt: row.disabled_at?.toISOString() ?? null,
    lastLoginAt: row.last_login_at?.toISOString() ?? null,
    sessions: row.live_sessions,
  }
}

/** `currentId` is the caller's session. */
export function toSession(row: SessionRow, currentId: string | undefined): Session {
  return {
    id: row.id,
    userAgent: row.user_agent,
    ip: row.ip,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    current: row.id === currentId,
  }
}

export function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    projectId: row.project_id,
    ownerId: row.user_id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    ratePerMinute: row.rate_per_minute,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  }
}

/** A member of a project, with what is shown of the account. */
export interface MemberRow {
  /** Of the account. */
  id: string
  email: string
  display_name: string | null
  role: ProjectRole
  created_at: Date
}

export function toProject(row: ProjectRow, role: ProjectRole | null): Project {
  const { id, name, personal_of: personalOf, allowed_domains: allowedDomains, revision, created_at: at } = row
  return { id, name, personal: personalOf !== null, role, allowedDomains, revision, createdAt: at.toISOString() }
}

/** Only those who manage members see their addresses. */
export function toMember({ id, email, display_name: name, role, created_at: at }: MemberRow, manages: boolean): Member {
  return { userId: id, displayName: name, email: manages ? email : null, role, createdAt: at.toISOString() }
}

export function toProjectInvitation(row: ProjectInvitationRow): ProjectInvitation {
  const { id, project_id: projectId, email, role } = row
  return {
    id,
    projectId,
    email,
    role,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }
}

export function toPasskey(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  }
}
