import { randomUUID } from 'node:crypto'
import { digestOfApiKey, isApiKey, sealApiKey } from '@kinora/common/api-key'
import type { Actor, EventEnvelope } from '@kinora/common/contract'
import { events, auth as methods, type NewApiKey, type Revocation } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { cleanUp } from '../src/background/clean-up.ts'
import { evictApiKeys } from '../src/operations/api-keys.ts'
import { CLIENT, GATEWAY } from './support/gateway.ts'
import { withTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const { world, auth, gateway, query } = await useAuth()
const READ = { name: 'a reader', scopes: ['videos:read' as const] }

const heard: Revocation[] = []
await gateway.bus.listen(
  [events['auth.sessions-revoked']],
  (envelope: EventEnvelope) => heard.push(envelope.data as Revocation),
  () => {},
)

const resolve = (key: string) => gateway.call(methods.resolveApiKey, { digest: digestOfApiKey(key) }, GATEWAY)
const refusalOf = (key: string) =>
  resolve(key).then(
    () => 'good',
    (error: { code: string }) => error.code,
  )
const byKey = (userId: string, { id }: NewApiKey): Actor => ({
  ...{ kind: 'user', userId, apiKeyId: id, role: 'user' },
  project: { id: userId, role: 'owner' },
})

describe('an API key', () => {
  it('is shown once, found by scanners, and stored as a hash', async () => {
    const { actor } = await gateway.signUp()
    const { key, ...rest } = await gateway.call(methods.createApiKey, READ, actor)
    expect(isApiKey(key)).toBe(true)
    expect(rest).toEqual({
      id: expect.any(String),
      projectId: actor.userId,
      ownerId: actor.userId,
      name: 'a reader',
      prefix: key.slice(0, 8),
      scopes: ['videos:read'],
      ratePerMinute: null,
      createdAt: expect.any(String),
      expiresAt: null,
      lastUsedAt: null,
    })
    expect((await gateway.call(methods.listApiKeys, {}, actor)).items).toEqual([rest])
    const stored = JSON.stringify(await query('select * from api_keys where id = $1', [rest.id]))
    expect(stored).not.toContain(key.slice(8))
    expect(auth.logLines.join('')).not.toContain(key.slice(8))
  })

  it('is resolved to its owner and what it may do', async () => {
    const { actor } = await gateway.signUp()
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const { key, id } = await gateway.call(methods.createApiKey, { ...READ, expiresAt, ratePerMinute: 7 }, actor)
    const { userId } = actor
    const scopes = ['videos:read']
    const project = { projectId: userId, projectRole: 'owner' }
    expect(await resolve(key)).toEqual({ id, userId, ...project, role: 'user', scopes, ratePerMinute: 7, expiresAt })
  })

  it('is resolved for services only', async () => {
    const { actor } = await gateway.signUp()
    const { key } = await gateway.call(methods.createApiKey, READ, actor)
    for (const who of [actor, { ...actor, role: 'admin' as const }, { kind: 'anonymous' as const }]) {
      const attempt = gateway.call(methods.resolveApiKey, { digest: digestOfApiKey(key) }, who)
      await expect(attempt).rejects.toMatchObject({ code: 'FORBIDDEN' })
    }
  })

  it.each([
    ['has expired before it is made', { ...READ, expiresAt: '2020-01-01T00:00:00Z' }, 'VALIDATION_FAILED'],
    ['may do nothing', { ...READ, scopes: [] }, 'VALIDATION_FAILED'],
    ['has a scope twice', { name: 'x', scopes: ['admin' as const, 'admin' as const] }, 'VALIDATION_FAILED'],
    ['may more than its owner', { name: 'x', scopes: ['admin' as const] }, 'FORBIDDEN'],
  ])('that %s is not made', async (_what, input, code) => {
    const { actor } = await gateway.signUp()
    await expect(gateway.call(methods.createApiKey, input, actor)).rejects.toMatchObject({ code })
  })

  it('makes and ends no keys, and reaches nothing else that belongs to a person', async () => {
    const { actor } = await gateway.signUp()
    const made = await gateway.call(methods.createApiKey, READ, actor)
    const program = byKey(actor.userId, made)
    const attempts = [
      gateway.call(methods.createApiKey, READ, program),
      gateway.call(methods.listApiKeys, {}, program),
      gateway.call(methods.revokeApiKey, { keyId: made.id }, program),
      gateway.call(methods.listSessions, {}, program),
      gateway.call(methods.logoutAll, {}, program),
      gateway.call(methods.updateMe, { displayName: null }, program),
    ]
    for (const outcome of await Promise.allSettled(attempts)) {
      expect(outcome).toMatchObject({ reason: { code: 'FORBIDDEN' } })
    }
    expect((await gateway.call(methods.getMe, {}, program)).id).toBe(actor.userId)
  })

  it('is one of a limited number, also when all are made at once', async () => {
    await withTestAuth(world)
    const { actor } = await gateway.signUp()
    const attempts = Array.from({ length: 60 }, () => gateway.call(methods.createApiKey, READ, actor))
    const outcomes = await Promise.allSettled(attempts)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(50)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'API_KEY_LIMIT_REACHED' })
    }
    const first = await gateway.call(methods.listApiKeys, { limit: 30 }, actor)
    const rest = await gateway.call(methods.listApiKeys, { limit: 30, cursor: first.nextCursor ?? '' }, actor)
    expect(new Set([...first.items, ...rest.items].map(({ id }) => id)).size).toBe(50)
    await gateway.call(methods.revokeApiKey, { keyId: first.items[0]?.id ?? '' }, actor)
    await expect(gateway.call(methods.createApiKey, READ, actor)).resolves.toBeDefined()
  })
})

describe('a key that is no longer good', () => {
  it('is told apart: unknown, revoked, expired, of a disabled account, of an erased one', async () => {
    const { actor } = await gateway.signUp()
    const make = () => gateway.call(methods.createApiKey, READ, actor)
    const [revoked, expired, good] = [await make(), await make(), await make()]
    expect(await refusalOf(sealApiKey('0'.repeat(32)))).toBe('API_KEY_INVALID')
    await gateway.call(methods.revokeApiKey, { keyId: revoked.id }, actor)
    expect(await refusalOf(revoked.key)).toBe('API_KEY_REVOKED')
    await query('update api_keys set expires_at = now() where id = $1', [expired.id])
    expect(await refusalOf(expired.key)).toBe('API_KEY_EXPIRED')
    expect(await refusalOf(good.key)).toBe('good')
    await query('update users set disabled_at = now() where id = $1', [actor.userId])
    expect(await refusalOf(good.key)).toBe('ACCOUNT_DISABLED')
    await expect(make()).rejects.toMatchObject({ code: 'ACCOUNT_DISABLED' })
    await query('delete from users where id = $1', [actor.userId])
    expect(await refusalOf(good.key)).toBe('API_KEY_INVALID')
  })

  it('of a former administrator is a key without that scope', async () => {
    const { actor } = await gateway.signUp()
    await query("update users set role = 'admin' where id = $1", [actor.userId])
    const input = { name: 'x', scopes: ['admin' as const, 'videos:read' as const] }
    const { key } = await gateway.call(methods.createApiKey, input, actor)
    expect(await resolve(key)).toMatchObject({ role: 'admin', scopes: ['admin', 'videos:read'] })
    await query("update users set role = 'user' where id = $1", [actor.userId])
    expect(await resolve(key)).toMatchObject({ role: 'user', scopes: ['videos:read'] })
  })
})

describe('revoking a key', () => {
  it('tells the gateways, may be repeated, and takes it off the list', async () => {
    const { actor } = await gateway.signUp()
    const { id: keyId } = await gateway.call(methods.createApiKey, READ, actor)
    await Promise.all([1, 2, 3].map(() => gateway.call(methods.revokeApiKey, { keyId }, actor)))
    const told = await until(() => heard.find(({ apiKeyIds }) => apiKeyIds.includes(keyId)))
    expect(told).toMatchObject({ apiKeyIds: [keyId], sessionIds: [], reason: 'api_key_revoked' })
    expect(heard.filter(({ apiKeyIds }) => apiKeyIds.includes(keyId))).toHaveLength(1)
    const { items } = await gateway.call(methods.listRevocations, { after: told.sequence - 1 }, GATEWAY)
    expect(items).toContainEqual(told)
    expect((await gateway.call(methods.listApiKeys, {}, actor)).items).toEqual([])
  })

  it("does not reach someone else's, which looks like none", async () => {
    const [owner, stranger] = [await gateway.signUp(), await gateway.signUp()]
    const { id: keyId, key } = await gateway.call(methods.createApiKey, READ, owner.actor)
    for (const id of [keyId, randomUUID()]) {
      const attempt = gateway.call(methods.revokeApiKey, { keyId: id }, stranger.actor)
      await expect(attempt).rejects.toMatchObject({ code: 'API_KEY_NOT_FOUND' })
    }
    expect(await refusalOf(key)).toBe('good')
  })

  it('is not needed to have all keys of an account resolved again', async () => {
    const { actor } = await gateway.signUp()
    const made = [1, 2, 3].map(() => gateway.call(methods.createApiKey, READ, actor))
    const ids = (await Promise.all(made)).map(({ id }) => id)
    const { userId } = actor
    await auth.ctx.transact(null, (work) => evictApiKeys(work, { userId, reason: 'api_key_revoked' }, new Date()))
    const told = await until(() => heard.find(({ apiKeyIds }) => apiKeyIds.includes(ids[0] ?? '')))
    expect(told.apiKeyIds.toSorted()).toEqual(ids.toSorted())
  })
})

describe('the use of a key', () => {
  it('is written down, at most once a minute', async () => {
    const { actor } = await gateway.signUp()
    const { key, id } = await gateway.call(methods.createApiKey, READ, actor)
    const lastUsed = async () => (await gateway.call(methods.listApiKeys, {}, actor)).items[0]?.lastUsedAt
    await resolve(key)
    const first = await until(lastUsed)
    await resolve(key)
    await query("update api_keys set last_used_at = last_used_at - interval '2 minutes' where id = $1", [id])
    await Promise.all([resolve(key), resolve(key), resolve(key)])
    const second = await until(async () => ((await lastUsed()) ?? '') >= first && (await lastUsed()))
    await auth.ctx.apiKeys.recordUse(id, new Date(Date.now() + 5000), new Date(Date.now() - 55_000))
    expect(await lastUsed()).toBe(second)
  })

  it('is told from that of a session in the audit log, where refusals stand once an hour', async () => {
    const { actor } = await gateway.signUp()
    const { key, id } = await gateway.call(methods.createApiKey, READ, actor)
    await resolve(key)
    await gateway.call(methods.revokeApiKey, { keyId: id }, actor)
    await Promise.all(Array.from({ length: 5 }, () => refusalOf(key)))
    const { items } = await gateway.call(methods.listAudit, {}, {
      ...actor,
      sessionId: undefined,
      apiKeyId: id,
    } as Actor)
    expect(items.toReversed().map(({ action, outcome, apiKeyId }) => [action, outcome, apiKeyId])).toEqual([
      ['register', 'success', null],
      ['api_key_create', 'success', id],
      ['api_key_revoke', 'success', id],
      ['api_key_use', 'failure', id],
    ])
    expect(items[0]).toMatchObject({ ip: CLIENT.ip, userAgent: CLIENT.userAgent })
    await query("update api_keys set refusal_logged_at = now() - interval '61 minutes' where id = $1", [id])
    await refusalOf(key)
    expect((await gateway.call(methods.listAudit, {}, actor)).items).toHaveLength(5)
  })
})

describe('the clean-up', () => {
  it('removes keys that ended 90 days ago, and no others', async () => {
    const { actor } = await gateway.signUp()
    const make = async (change: string) => {
      const { id } = await gateway.call(methods.createApiKey, READ, actor)
      await query(`update api_keys set ${change} where id = $1`, [id])
      return id
    }
    await make("revoked_at = now() - interval '91 days'")
    await make("expires_at = now() - interval '91 days'")
    await make("revoked_at = now() - interval '91 days', expires_at = now() + interval '1 day'")
    const kept = [
      await make("revoked_at = now() - interval '89 days'"),
      await make("expires_at = now() - interval '89 days'"),
      await make("created_at = now() - interval '900 days'"),
    ]
    await cleanUp(auth.ctx)
    const left = await query<{ id: string }>('select id from api_keys where user_id = $1', [actor.userId])
    expect(left.map(({ id }) => id).toSorted()).toEqual(kept.toSorted())
    expect(await auth.metric('kinora_auth_cleanup_removed_total', { what: 'api_keys' })).toBe(3)
  })
})
