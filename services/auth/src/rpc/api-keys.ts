import type { Call, Handler, ProjectRole } from '@kinora/common/contract'
import type { auth, ResolvedApiKey } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import { roleAllows, roleTooLow } from '@kinora/common/project-access'
import type { Context } from '../context.ts'
import type { ApiKeyRow } from '../db/schema.ts'
import { evaluateApiKey } from '../domain/api-key.ts'
import { toApiKey } from '../domain/views.ts'
import { issueApiKey, revokeApiKey as revoke } from '../operations/api-keys.ts'
import { reauthenticate } from '../operations/passwords.ts'
import type { OwnedApiKey } from '../repositories/api-keys.ts'
import { cursorAt, pageRequest } from '../repositories/pages.ts'
import { byGateway, signedIn } from './guards.ts'

export function createApiKey(ctx: Context): Handler<typeof auth.createApiKey> {
  return signedIn<typeof auth.createApiKey>(async ({ password, ...fields }, actor, call) => {
    await reauthenticate(ctx, actor, password, 'api_key_create', call)
    return await issueApiKey(ctx, call, actor.userId, fields)
  })
}

export function listApiKeys({ apiKeys, members }: Context): Handler<typeof auth.listApiKeys> {
  return signedIn<typeof auth.listApiKeys>(async ({ limit, cursor, projectId }, { userId }) => {
    if (projectId !== undefined) {
      const role = await members.roleOf(projectId, userId)
      if (role === undefined) throw new AppError('PROJECT_NOT_FOUND')
      if (!roleAllows(role, 'manage')) throw roleTooLow('manage')
    }
    const rows = await apiKeys.notRevoked(projectId ? { projectId } : { userId }, pageRequest(limit, cursor))
    return pageOf(rows, limit, toApiKey, cursorAt)
  })
}

export function revokeApiKey(ctx: Context): Handler<typeof auth.revokeApiKey> {
  return signedIn<typeof auth.revokeApiKey>(async ({ keyId }, { userId }, call) => {
    const key = await ctx.apiKeys.byId(keyId)
    if (!key) throw new AppError('API_KEY_NOT_FOUND')
    if (key.user_id !== userId) await assertManages(ctx, key.project_id, userId)
    await revoke(ctx, call, key.user_id, keyId)
    return {}
  })
}

/** A key of others does not exist for those who are no members of its project. */
async function assertManages({ members }: Context, projectId: string, userId: string): Promise<void> {
  const role = await members.roleOf(projectId, userId)
  if (role === undefined) throw new AppError('API_KEY_NOT_FOUND')
  if (!roleAllows(role, 'manage')) throw roleTooLow('manage')
}

/** A gateway asks at least this often for a key in use, because its cache lives as long; so each answer counts as a use. */
const USE_EVERY_MS = 60_000
/** A program may keep trying with an ended key; the audit log gets one row in this time. */
const LOG_REFUSAL_EVERY_MS = 3_600_000

export function resolveApiKey(ctx: Context): Handler<typeof auth.resolveApiKey> {
  return byGateway<typeof auth.resolveApiKey>(async ({ digest }, call) => {
    const found = await ctx.apiKeys.byDigest(Buffer.from(digest, 'base64url'))
    // An unknown key has no owner, and a row for each try would let anybody fill the log.
    if (!found) throw new AppError('API_KEY_INVALID')
    const now = ctx.now()
    const refusal = evaluateApiKey(found.key, found.owner, now)
    if (refusal) return await refuse(ctx, found.key, refusal, call)
    // Whoever leaves a project leaves its keys revoked; this is for a key that has slipped through.
    if (!found.projectRole) return await refuse(ctx, found.key, 'API_KEY_REVOKED', call)
    recordUse(ctx, found.key, now)
    return resolved(found, found.projectRole)
  })
}

function resolved({ key, owner }: OwnedApiKey, projectRole: ProjectRole): ResolvedApiKey {
  const isAdmin = owner.role === 'admin' && key.scopes.includes('admin')
  return {
    id: key.id,
    userId: key.user_id,
    projectId: key.project_id,
    projectRole,
    role: isAdmin ? 'admin' : 'user',
    // A key loses the scopes that its owner has lost.
    scopes: isAdmin ? key.scopes : key.scopes.filter((scope) => scope !== 'admin'),
    ratePerMinute: key.rate_per_minute,
    expiresAt: key.expires_at?.toISOString() ?? null,
  }
}

async function refuse(ctx: Context, key: ApiKeyRow, failure: ErrorCode, call: Call): Promise<never> {
  const now = ctx.now()
  await ctx.transact(null, async (work) => {
    const since = new Date(now.getTime() - LOG_REFUSAL_EVERY_MS)
    if (!(await work.apiKeys.claimRefusalLog(key.id, now, since))) return
    await work.audit.record(call, { action: 'api_key_use', userId: key.user_id, apiKeyId: key.id, failure }, now)
  })
  throw new AppError(failure)
}

/** Runs without being awaited; the key works even when its use cannot be recorded. */
function recordUse({ apiKeys, logger }: Context, { id, last_used_at }: ApiKeyRow, now: Date): void {
  const since = new Date(now.getTime() - USE_EVERY_MS)
  if (last_used_at && last_used_at >= since) return
  apiKeys.recordUse(id, now, since).catch((error: unknown) => {
    logger.warn({ err: error, apiKeyId: id }, 'could not record the use of an API key')
  })
}
