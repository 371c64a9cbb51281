import type { AccountRole, Actor, ProjectRole, SessionTransport } from '@kinora/common/contract'
import type { Jwk, KeyStage, RevocationReason, Scope } from '@kinora/common/contracts'
import type { OutboxDb } from '@kinora/common/db'
import type { Generated, Selectable } from 'kysely'

export interface UsersTable {
  id: string
  email: string
  /** Null for a service account, which only has API keys. */
  password_hash: string | null
  display_name: string | null
  role: AccountRole
  email_verified_at: Date | null
  disabled_at: Date | null
  mfa_enabled_at: Date | null
  created_at: Date
  updated_at: Date
}
export type UserRow = Selectable<UsersTable>

export interface SessionsTable {
  id: string
  user_id: string
  refresh_counter: number
  refresh_salt: Buffer
  transport: SessionTransport
  amr: string[]
  ip: string | null
  user_agent: string | null
  created_at: Date
  last_used_at: Date
  expires_at: Date
  access_expires_at: Date
  ended_at: Date | null
  end_reason: RevocationReason | null
}
export type SessionRow = Selectable<SessionsTable>

export interface ApiKeysTable {
  id: string
  user_id: string
  project_id: string
  name: string
  prefix: string
  digest: Buffer
  scopes: Scope[]
  rate_per_minute: number | null
  created_at: Date
  expires_at: Date | null
  last_used_at: Date | null
  revoked_at: Date | null
  refusal_logged_at: Date | null
}
export type ApiKeyRow = Selectable<ApiKeysTable>

export interface SigningKeysTable {
  kid: string
  stage: KeyStage
  public_jwk: Jwk
  encrypted_private_key: Buffer | null
  created_at: Date
  current_since: Date | null
  expires_at: Date | null
  retired_at: Date | null
  retire_reason: string | null
}
export type SigningKeyRow = Selectable<SigningKeysTable>

export interface TotpFactorsTable {
  user_id: string
  encrypted_secret: Buffer
  last_step: string
  setup_expires_at: Date | null
}

export interface RecoveryCodesTable {
  user_id: string
  code_hash: Buffer
  used_at: Date | null
}

export interface CodeAttemptsTable {
  user_id: string
  failures: number
  window_ends_at: Date
}

export interface MfaChallengesTable {
  token_hash: Buffer
  user_id: string
  password_fingerprint: Buffer
  attempts: Generated<number>
  expires_at: Date
}
export type MfaChallengeRow = Selectable<MfaChallengesTable>

export interface PasskeysTable {
  id: string
  user_id: string
  credential_id: Buffer
  public_key: Buffer
  sign_count: string
  transports: string[]
  name: string
  created_at: Date
  last_used_at: Date | null
}
export type PasskeyRow = Selectable<PasskeysTable>

export interface PasskeyChallengesTable {
  token_hash: Buffer
  user_id: string | null
  expires_at: Date
}

export interface RevocationsTable {
  sequence: string
  session_ids: string[]
  api_key_ids: Generated<string[]>
  account_ids: Generated<string[]>
  reason: RevocationReason
  created_at: Date
  expires_at: Date
}

export interface AuditLogTable {
  sequence: string
  id: string
  at: Date
  actor_kind: Exclude<Actor['kind'], 'upload-link'> | null
  actor_id: string | null
  /** The account that the action changed. */
  user_id: string | null
  session_id: string | null
  api_key_id: string | null
  /** The object of the action, when it is not an account. */
  subject: string | null
  action: string
  outcome: 'success' | 'failure'
  code: string | null
  ip: string | null
  user_agent: string | null
  request_id: string
  /** Null once the origin (`ip`, `user_agent`) has been erased. */
  personal_salt: Buffer | null
  personal_digest: Buffer
  previous_hash: Buffer
  hash: Buffer
}

export interface ErasuresTable {
  /** The id of the project where it is one that is erased. */
  user_id: string
  kind: Generated<'account' | 'project'>
  requested_at: Date
  said_at: Date
  media_done_at: Date | null
  auth_done_at: Date | null
}

export type MailKind =
  | 'verify_email'
  | 'reset_password'
  | 'account_exists'
  | 'password_changed'
  | 'password_reset'
  | 'second_factor_reset'
  | 'api_key_created'
  | 'service_key_created'
  | 'invite'
  | 'project_invitation'
  | 'passkey_added'
  | 'totp_enabled'
  | 'totp_disabled'
  | 'recovery_codes_renewed'

export interface MailQueueTable {
  id: string
  kind: MailKind
  user_id: string | null
  /** For a mail to an address that has no account. */
  invite_id: Generated<string | null>
  project_invitation_id: Generated<string | null>
  ip: string | null
  attempts: Generated<number>
  next_attempt_at: Date
  created_at: Date
}
export type MailRow = Selectable<MailQueueTable>

export type MailTokenPurpose = 'verify_email' | 'reset_password'

export interface MailTokensTable {
  user_id: string
  purpose: MailTokenPurpose
  token_hash: Buffer
  expires_at: Date
}

export interface InvitesTable {
  id: string
  email: string
  token_hash: Buffer
  /** The token is sent to the address, and known to nobody else. */
  mailed: boolean
  created_at: Date
  expires_at: Date
}
export type InviteRow = Selectable<InvitesTable>

export interface ProjectsTable {
  /** That of the account where it is a personal project. */
  id: string
  personal_of: string | null
  name: string
  created_at: Date
}
export type ProjectRow = Selectable<ProjectsTable>

export interface ProjectMembersTable {
  project_id: string
  user_id: string
  role: ProjectRole
  created_at: Date
}

export interface ProjectInvitationsTable {
  id: string
  project_id: string
  email: string
  role: ProjectRole
  invited_by: string
  token_hash: Buffer
  created_at: Date
  expires_at: Date
}
export type ProjectInvitationRow = Selectable<ProjectInvitationsTable>

/** Columns of type bigint are strings, because a number cannot hold all of them exactly. */
export interface IdempotencyKeysTable {
  id: Buffer
  user_id: string
  fingerprint: Buffer
  attempt: string
  held_until: Date
  answer: Buffer | null
  expires_at: Date
}
export type IdempotencyKeyRow = Selectable<IdempotencyKeysTable>

export interface AuthDb extends OutboxDb {
  users: UsersTable
  sessions: SessionsTable
  api_keys: ApiKeysTable
  signing_keys: SigningKeysTable
  revocation_counter: { only_row: boolean; value: string }
  revocations: RevocationsTable
  totp_factors: TotpFactorsTable
  recovery_codes: RecoveryCodesTable
  code_attempts: CodeAttemptsTable
  mfa_challenges: MfaChallengesTable
  passkeys: PasskeysTable
  passkey_challenges: PasskeyChallengesTable
  mail_queue: MailQueueTable
  mail_tokens: MailTokensTable
  audit_log: AuditLogTable
  audit_log_unchained: Omit<AuditLogTable, `personal_${string}` | 'subject' | 'previous_hash' | 'hash'>
  audit_head: { only_row: boolean; sequence: string; hash: Buffer }
  erasures: ErasuresTable
  invites: InvitesTable
  projects: ProjectsTable
  project_members: ProjectMembersTable
  project_invitations: ProjectInvitationsTable
  idempotency_keys: IdempotencyKeysTable
}
