import { digestOfApiKey } from '@kinora/common/api-key'
import { auth as methods } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { GATEWAY, OPERATOR, PASSWORD } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const { gateway, query } = await useAuth()

const auditOf = async (userId: string) => {
  const { items } = await gateway.call(methods.searchAudit, { userId, limit: 50 }, OPERATOR)
  return items.toReversed()
}

describe('the first administrator', () => {
  const create = (email: string, password = PASSWORD) =>
    gateway.call(methods.createAdmin, { email, password, displayName: 'Ops' }, OPERATOR)

  it('is made by the command line and signs in', async () => {
    const { user, outcome } = await create('First@Kinora.test')
    expect(outcome).toBe('created')
    expect(user).toMatchObject({ email: 'first@kinora.test', role: 'admin', emailVerified: true, displayName: 'Ops' })
    expect((await gateway.signIn('first@kinora.test')).actor.role).toBe('admin')
    expect(await auditOf(user.id)).toMatchObject([
      { action: 'admin_create', actor: { kind: 'service', id: 'operator' } },
      { action: 'login', actor: { kind: 'anonymous', id: null } },
    ])
  })

  it('may be asked for twice; an account that is there keeps its password', async () => {
    const { email, actor } = await gateway.signUp()
    await query('update users set email_verified_at = now() where id = $1', [actor.userId])
    expect((await create(email, 'some other good words')).outcome).toBe('promoted')
    expect((await create(email, 'some other good words')).outcome).toBe('unchanged')
    expect((await gateway.signIn(email)).actor).toMatchObject({ userId: actor.userId, role: 'admin' })
    const promotions = (await auditOf(actor.userId)).filter(({ action }) => action === 'user_promote')
    expect(promotions).toMatchObject([{ actor: { kind: 'service', id: 'operator' } }])
  })

  it('is not whoever registered the address before without confirming it', async () => {
    const { email, actor, signedIn } = await gateway.signUp()
    const { userId } = actor
    const fields = { name: 'mine', scopes: ['videos:read' as const] }
    const { key } = await gateway.call(methods.createApiKey, fields, actor)
    await query(
      "insert into passkeys select gen_random_uuid(), $1, '\\x01', '', 0, '{}', 'Key', now(), null from users limit 1",
      [userId],
    )
    await query('update users set mfa_enabled_at = now() where id = $1', [userId])

    const { user, outcome } = await create(email, 'some other good words')
    expect(outcome).toBe('claimed')
    expect(user).toMatchObject({ id: userId, role: 'admin', emailVerified: true, mfaEnabled: false, sessions: 0 })
    await expect(gateway.signIn(email)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    const { refreshToken } = signedIn
    await expect(gateway.call(methods.refresh, { refreshToken })).rejects.toBeDefined()
    await expect(gateway.call(methods.resolveApiKey, { digest: digestOfApiKey(key) }, GATEWAY)).rejects.toMatchObject({
      code: 'API_KEY_REVOKED',
    })
    expect(await query('select 1 from passkeys where user_id = $1', [userId])).toEqual([])
    const byOperator = (await auditOf(userId)).filter(({ actor: by }) => by?.id === 'operator')
    expect(byOperator.map(({ action }) => action)).toEqual([
      'password_reset',
      'api_key_revoke',
      'passkey_remove',
      'totp_disable',
      'user_promote',
    ])
    await gateway.call(methods.login, { email, password: 'some other good words' })
    expect((await create(email)).outcome).toBe('unchanged')
  })

  it('is made once by two who ask at the same time', async () => {
    const outcomes = await Promise.all([create('twice@kinora.test'), create('twice@kinora.test')])
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['created', 'unchanged'])
  })

  it('needs a password that is good enough', async () => {
    await expect(create('weak@kinora.test', 'password123')).rejects.toMatchObject({ code: 'PASSWORD_UNACCEPTABLE' })
    expect(await query("select 1 from users where email = 'weak@kinora.test'")).toEqual([])
  })
})
