import { randomUUID } from 'node:crypto'
import type { Call } from '@kinora/common/contract'
import type { ApiKeyFields, NewApiKey } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { ApiKeyRow } from '../db/schema.ts'
import { mintApiKey } from '../domain/mint-api-key.ts'
import { toApiKey } from '../domain/to-api-key.ts'

/**
 * A new key of an account, audited. Throws `VALIDATION_FAILED` for an expiry that has passed, `FORBIDDEN` for a scope
 * that the owner does not have, `ACCOUNT_DISABLED`, `API_KEY_LIMIT_REACHED`.
 */
export async function makeApiKey(ctx: Context, call: Call, userId: string, fields: ApiKeyFields): Promise<NewApiKey> {
  const now = ctx.now()
  const { key, prefix, digest } = mintApiKey()
  const row = newRow(userId, fields, { prefix, digest }, now)
  await ctx.transact(async (work) => {
    // Keys of one account are made one after the other, so that the limit holds; and before or after it is disabled.
    const owner = await work.users.lock(userId)
    if (!owner) throw new AppError('UNAUTHENTICATED')
    if (owner.disabled_at) throw new AppError('ACCOUNT_DISABLED')
    if (fields.scopes.includes('admin') && owner.role !== 'admin') {
      throw new AppError('FORBIDDEN', { detail: 'Only a key of an administrator can have the scope admin' })
    }
    const live = await work.apiKeys.liveIds(userId, now)
    if (live.length >= ctx.apiKeysPerAccount) throw new AppError('API_KEY_LIMIT_REACHED')
    await work.apiKeys.insert(row)
    await work.audit.record(call, { action: 'api_key_create', userId, apiKeyId: row.id }, now)
  })
  return { ...toApiKey(row), key }
}

function newRow(
  userId: string,
  { name, scopes, expiresAt, ratePerMinute }: ApiKeyFields,
  minted: Pick<ApiKeyRow, 'prefix' | 'digest'>,
  now: Date,
): ApiKeyRow {
  const expires_at = expiresAt === undefined ? null : new Date(expiresAt)
  if (expires_at && expires_at <= now) {
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'expiresAt', message: 'must be in the future' }] })
  }
  return {
    id: randomUUID(),
    user_id: userId,
    name,
    ...minted,
    scopes,
    rate_per_minute: ratePerMinute ?? null,
    created_at: now,
    expires_at,
    last_used_at: null,
    revoked_at: null,
    refusal_logged_at: null,
  }
}
