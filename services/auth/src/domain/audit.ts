import { randomUUID } from 'node:crypto'
import type { Actor, ApiKeyActor, Call } from '@kinora/common/contract'
import type { NotedAction } from '@kinora/common/contracts'
import type { ErrorCode } from '@kinora/common/errors'
import type { AuditLogTable } from '../db/schema.ts'
import type { UserChange } from './users.ts'

export type AuditAction =
  | 'register'
  | 'login'
  | 'refresh'
  | 'refresh_reuse'
  | 'logout'
  | 'logout_all'
  | 'session_revoke'
  | 'profile_update'
  | 'api_key_create'
  | 'api_key_revoke'
  | 'api_key_use'
  | 'service_account_create'
  | 'password_change'
  | 'password_forgot'
  | 'password_reset'
  | 'email_verify'
  | 'email_resend'
  | 'mail_give_up'
  | 'admin_create'
  | 'user_create'
  | 'invite_create'
  | 'invite_delete'
  | 'user_sessions_revoke'
  | UserChange
  | 'key_rotate'
  | 'key_retire'
  | 'totp_setup'
  | 'totp_enable'
  | 'totp_disable'
  | 'second_factor_reset'
  | 'recovery_codes_renew'
  | 'recovery_code_use'
  | 'mfa_challenge'
  | 'mfa'
  | 'passkey_add'
  | 'passkey_remove'
  | 'data_export'
  | 'account_erase'
  | 'account_erase_confirm'
  | 'project_create'
  | 'project_update'
  | 'project_delete'
  | 'project_delete_confirm'
  | 'project_hand_over'
  | 'project_hand_over_confirm'
  | 'member_invite'
  | 'member_invite_withdraw'
  | 'member_join'
  | 'member_role_change'
  | 'member_leave'
  | 'member_remove'
  | NotedAction['action']

export interface AuditRecord {
  /** Set when the same action may be recorded twice. */
  id?: string
  action: AuditAction
  /** The account that the action changed; the call's actor did it. Null for an unknown address or a forged token. */
  userId: string | null
  sessionId?: string
  /** The API key that the action changed; by default the one that the call used. */
  apiKeyId?: string
  /** The object of the action, when it is not an account. */
  subject?: string
  /** The error code of a failure; a record without one is a success. */
  failure?: ErrorCode
}

/** A call as far as it is recorded: a row names the API key, not its project. */
export interface AuditedCall extends Omit<Call, 'actor'> {
  actor: Exclude<Actor, ApiKeyActor> | Omit<ApiKeyActor, 'project'>
}

/** Adds a record to the transaction, which writes it as its last statement. */
export type RecordAudit = (call: AuditedCall, record: AuditRecord, now: Date) => Promise<void>

/** A row without the columns of the chain. */
export type AuditDraft = Omit<AuditLogTable, 'sequence' | `personal_${string}` | 'previous_hash' | 'hash'>

/** The row for a record of a call. */
export function auditDraft(call: AuditedCall, record: AuditRecord, now: Date): AuditDraft {
  const { id, action, userId, sessionId, apiKeyId, subject, failure } = record
  return {
    id: id ?? randomUUID(),
    at: now,
    ...actorColumns(call.actor),
    user_id: userId,
    session_id: sessionId ?? null,
    api_key_id: apiKeyId ?? (call.actor.kind === 'user' ? (call.actor.apiKeyId ?? null) : null),
    subject: subject ?? null,
    action,
    outcome: failure ? 'failure' : 'success',
    code: failure ?? null,
    ...originOf(call),
    request_id: call.requestId,
  }
}

/** The client's address and user agent, as stored in audit rows and sessions. */
export function originOf({ client }: Pick<Call, 'client'>): { ip: string | null; user_agent: string | null } {
  return { ip: client?.ip ?? null, user_agent: client?.userAgent.slice(0, 512) ?? null }
}

function actorColumns(actor: AuditedCall['actor']): Pick<AuditLogTable, 'actor_kind' | 'actor_id'> {
  switch (actor.kind) {
    case 'anonymous':
    // Nobody in particular: whoever has the link.
    case 'upload-link':
      return { actor_kind: 'anonymous', actor_id: null }
    case 'user':
      return { actor_kind: actor.kind, actor_id: actor.userId }
    case 'service':
      return { actor_kind: actor.kind, actor_id: actor.name }
  }
}
