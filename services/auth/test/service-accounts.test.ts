import { digestOfApiKey } from '@kinora/common/api-key'
import type { SessionActor } from '@kinora/common/contract'
import { auth as methods } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { GATEWAY } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const { auth, gateway, query } = await useAuth()
const UPLOADER = { name: 'ingest', scopes: ['videos:write' as const] }

async function administrator(): Promise<SessionActor> {
  const { email, actor } = await gateway.signUp()
  await query("update users set role = 'admin' where id = $1", [actor.userId])
  return (await gateway.signIn(email)).actor
}
const admin = await administrator()
const create = () => gateway.call(methods.createServiceAccount, { displayName: 'Ingest' }, admin)

describe('a service account', () => {
  it('acts with the keys that an administrator makes for it', async () => {
    const { id: userId, ...account } = await create()
    expect(account).toMatchObject({
      displayName: 'Ingest',
      role: 'user',
      email: expect.stringMatching(/@service\.invalid$/),
    })
    const { key, id: keyId } = await gateway.call(methods.createServiceAccountKey, { userId, ...UPLOADER }, admin)
    const resolve = () => gateway.call(methods.resolveApiKey, { digest: digestOfApiKey(key) }, GATEWAY)
    expect(await resolve()).toMatchObject({ id: keyId, userId, role: 'user', scopes: ['videos:write'] })
    const project = { id: userId, role: 'owner' as const }
    const program = { kind: 'user' as const, userId, apiKeyId: keyId, role: 'user' as const, project }
    expect(await gateway.call(methods.getMe, {}, program)).toMatchObject({ id: userId })
    const listed = await gateway.call(methods.listServiceAccountKeys, { userId }, admin)
    expect(listed.items).toMatchObject([{ id: keyId, name: 'ingest' }])
    await gateway.call(methods.revokeServiceAccountKey, { userId, keyId }, admin)
    await expect(resolve()).rejects.toMatchObject({ code: 'API_KEY_REVOKED' })
  })

  it('cannot sign in, and looks like an unknown address or a wrong password, after the same work', async () => {
    const { email } = await create()
    const known = await gateway.signUp()
    const attempt = async (address: string, password: string) => {
      const before = await auth.metric('kinora_auth_password_hashes_total')
      const error = await gateway.call(methods.login, { email: address, password }).catch((thrown: unknown) => thrown)
      return { error, hashes: (await auth.metric('kinora_auth_password_hashes_total')) - before }
    }
    const wrong = await attempt(known.email, 'not the password')
    expect(wrong).toMatchObject({ error: { code: 'INVALID_CREDENTIALS' }, hashes: 1 })
    for (const password of ['not the password', 'null', ' ']) expect(await attempt(email, password)).toEqual(wrong)
  })

  it('is listed with the others, newest first, and people are not', async () => {
    const [older, newer] = [await create(), await create()]
    await gateway.signUp()
    const first = await gateway.call(methods.listServiceAccounts, { limit: 1 }, admin)
    const second = await gateway.call(methods.listServiceAccounts, { limit: 1, cursor: first.nextCursor ?? '' }, admin)
    expect([...first.items, ...second.items]).toEqual([newer, older])
  })

  it('is in the audit log with who made it', async () => {
    const { id: userId } = await create()
    await gateway.call(methods.createServiceAccountKey, { userId, ...UPLOADER }, admin)
    const rows = await query('select action, actor_id from audit_log where user_id = $1 order by sequence', [userId])
    expect(rows).toEqual([
      { action: 'service_account_create', actor_id: admin.userId },
      { action: 'api_key_create', actor_id: admin.userId },
    ])
  })
})

describe('administrators', () => {
  it('do not reach the keys of people', async () => {
    const { actor } = await gateway.signUp()
    const { id: keyId } = await gateway.call(methods.createApiKey, UPLOADER, actor)
    const { userId } = actor
    const attempts = [
      gateway.call(methods.createServiceAccountKey, { userId, ...UPLOADER }, admin),
      gateway.call(methods.listServiceAccountKeys, { userId }, admin),
      gateway.call(methods.revokeServiceAccountKey, { userId, keyId }, admin),
    ]
    for (const outcome of await Promise.allSettled(attempts)) {
      expect(outcome).toMatchObject({ reason: { code: 'SERVICE_ACCOUNT_NOT_FOUND' } })
    }
  })

  it.each([
    ['somebody else', async () => (await gateway.signUp()).actor],
    ['somebody who says so', async () => ({ ...(await gateway.signUp()).actor, role: 'admin' as const })],
    ['a former administrator', async () => await formerAdministrator()],
  ])('are asked for, not %s', async (_who, actorOf) => {
    const attempt = gateway.call(methods.createServiceAccount, { displayName: 'x' }, await actorOf())
    await expect(attempt).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })
})

async function formerAdministrator(): Promise<SessionActor> {
  const actor = await administrator()
  await query("update users set role = 'user' where id = $1", [actor.userId])
  return actor
}
