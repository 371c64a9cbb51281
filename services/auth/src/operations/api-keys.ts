import { randomUUID } from 'node:crypto'
import type { Call } from '@kinora/common/contract'
import type { ApiKeyFields, NewApiKey, RevocationReason } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { roleAllows, roleTooLow } from '@kinora/common/project-access'
import type { Context } from '../context.ts'
import type { ApiKeyRow, UserRow } from '../db/schema.ts'
import { createApiKeySecret } from '../domain/api-key.ts'
import { toApiKey } from '../domain/views.ts'
import { MAX_IDS_PER_REVOCATION } from '../repositories/revocations.ts'
import { assertSessionLive } from './sessions.ts'
import type { Work } from './transact.ts'

/** A stream opened with an API key ends within this time, so a gateway that was down for longer needs no revocation. */
const KEEP_MS = 3_600_000

/**
 * Creates a key of an account, audited. Throws `VALIDATION_FAILED` for an expiry in the past, `FORBIDDEN` for a scope that the
 * owner does not have, `ACCOUNT_DISABLED`, `API_KEY_LIMIT_REACHED`.
 */
export async function issueApiKey(ctx: Context, call: Call, userId: string, fields: ApiKeyFields): Promise<NewApiKey> {
  const now = ctx.now()
  const { key, prefix, digest } = createApiKeySecret()
  const row = newRow(userId, fields, { prefix, digest }, now)
  await ctx.transact(call, async (work) => {
    // The lock serialises new keys of one account, so that the limit holds, and orders them before or after a disabling.
    const owner = await work.users.lock(userId)
    if (!owner) throw new AppError('UNAUTHENTICATED')
    if (owner.disabled_at) throw new AppError('ACCOUNT_DISABLED')
    if (call.actor.kind === 'user' && call.actor.sessionId) await assertSessionLive(work, call.actor.sessionId)
    await assertKeyAllowed(work, row, owner)
    const live = await work.apiKeys.liveIds({ userId }, now)
    if (live.length >= ctx.apiKeysPerAccount) throw new AppError('API_KEY_LIMIT_REACHED')
    await work.apiKeys.insert(row)
    await work.audit.record(call, { action: 'api_key_create', userId, apiKeyId: row.id }, now)
    // A service account has no mailbox, so the administrator who created its key is told.
    const creatorId = call.actor.kind === 'user' ? call.actor.userId : null
    const forOther = owner.password_hash === null
    if (!forOther) await work.queueMail('api_key_created', userId, call, now)
    else if (creatorId) await work.queueMail('service_key_created', creatorId, call, now)
  })
  return { ...toApiKey(row), key }
}

/** The member's row stays locked until the commit, so that no key is created by somebody who is being removed. */
async function assertKeyAllowed(work: Work, key: ApiKeyRow, owner: UserRow): Promise<void> {
  const role = await work.members.roleOf(key.project_id, key.user_id)
  if (role === undefined) throw new AppError('PROJECT_NOT_FOUND')
  if (!roleAllows(role, 'manage')) throw roleTooLow('manage')
  if (!key.scopes.includes('admin')) return
  if (owner.role !== 'admin') {
    throw new AppError('FORBIDDEN', { detail: 'Only a key of an administrator can have the scope admin' })
  }
  if (key.project_id !== key.user_id) {
    throw new AppError('FORBIDDEN', { detail: 'Only a key of a personal project can have the scope admin' })
  }
}

function newRow(
  userId: string,
  { name, scopes, expiresAt, ratePerMinute, projectId = userId }: ApiKeyFields,
  secret: Pick<ApiKeyRow, 'prefix' | 'digest'>,
  now: Date,
): ApiKeyRow {
  const expires_at = expiresAt === undefined ? null : new Date(expiresAt)
  if (expires_at && expires_at <= now) {
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'expiresAt', message: 'must be in the future' }] })
  }
  return {
    id: randomUUID(),
    user_id: userId,
    project_id: projectId,
    name,
    ...secret,
    scopes,
    rate_per_minute: ratePerMinute ?? null,
    created_at: now,
    expires_at,
    last_used_at: null,
    revoked_at: null,
    refusal_logged_at: null,
  }
}

/**
 * Revokes a key of an account, audited, and notifies the gateways. Repeating it changes nothing. Throws
 * `API_KEY_NOT_FOUND`. The caller was checked.
 */
export async function revokeApiKey(ctx: Context, call: Call, userId: string, keyId: string): Promise<void> {
  const now = ctx.now()
  const revoked = await ctx.transact(call, async (work) => {
    // The account is locked before its keys, as everywhere, because erasing it locks both.
    await work.users.lock(userId)
    if (!(await work.apiKeys.revoke(keyId, userId, now))) return false
    await work.audit.record(call, { action: 'api_key_revoke', userId, apiKeyId: keyId }, now)
    await evictApiKeys(work, { userId, keyId, reason: 'api_key_revoked' }, now)
    return true
  })
  if (!revoked && !(await ctx.apiKeys.belongsTo(keyId, userId))) throw new AppError('API_KEY_NOT_FOUND')
}

/** Revokes all keys of a locked account, or those for one project, audited, in the caller's transaction. */
export async function revokeApiKeys(
  work: Work,
  { userId, projectId }: { userId: string; projectId?: string },
  call: Call,
  now: Date,
): Promise<void> {
  const ids = await work.apiKeys.liveIds({ userId, ...(projectId !== undefined && { projectId }) }, now)
  await evictKeys(work, ids, 'api_key_revoked', now)
  for (const apiKeyId of ids) {
    await work.apiKeys.revoke(apiKeyId, userId, now)
    await work.audit.record(call, { action: 'api_key_revoke', userId, apiKeyId }, now)
  }
}

export interface ApiKeysToEvict {
  userId: string
  /** By default all keys of the account. */
  keyId?: string
  reason: RevocationReason
}

/**
 * Makes every gateway drop cached API keys, and end the streams that they opened, within a second: the next use calls
 * `resolveApiKey`, which reads the key and its owner again. Must be called in the transaction that revokes a key, or that
 * disables, demotes or deletes an account (before its rows are deleted).
 */
export async function evictApiKeys(work: Work, { userId, keyId, reason }: ApiKeysToEvict, now: Date): Promise<void> {
  await evictKeys(work, keyId === undefined ? await work.apiKeys.liveIds({ userId }, now) : [keyId], reason, now)
}

/** The same for these keys. */
export async function evictKeys(
  work: Work,
  ids: readonly string[],
  reason: RevocationReason,
  now: Date,
): Promise<void> {
  const expiresAt = new Date(now.getTime() + KEEP_MS)
  for (let at = 0; at < ids.length; at += MAX_IDS_PER_REVOCATION) {
    const apiKeyIds = ids.slice(at, at + MAX_IDS_PER_REVOCATION)
    await work.addSessionsRevoked(await work.revocations.insert({ apiKeyIds, reason, expiresAt }, now))
  }
}
