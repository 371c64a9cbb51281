import { auth as methods } from '@kinora/common/contracts'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { CLIENT, PASSWORD } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const { world, gateway, query } = await useAuth()

describe('the audit log', () => {
  it('has a row for each thing that happened to the account, with who asked from where', async () => {
    const { email, signedIn, actor } = await gateway.signUp()
    await gateway.call(methods.login, { email, password: 'not the password' }).catch(() => {})
    const other = await gateway.signIn(email)
    const third = await gateway.signIn(email)
    const next = await gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken })
    await gateway.call(methods.refresh, { refreshToken: next.refreshToken })
    await gateway.call(methods.updateMe, { displayName: 'Ann' }, actor)
    await gateway.call(methods.revokeSession, { sessionId: other.actor.sessionId }, actor)
    await gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken }).catch(() => {})
    await gateway.call(methods.logout, {}, third.actor)
    const last = await gateway.signIn(email)
    await gateway.call(methods.logoutAll, {}, last.actor)

    const { items } = await gateway.call(methods.listAudit, { limit: 50 }, actor)
    expect(items.toReversed().map((item) => `${item.action} ${item.outcome}`)).toEqual([
      'register success',
      'login failure',
      'login success',
      'login success',
      'refresh success',
      'refresh success',
      'profile_update success',
      'session_revoke success',
      'refresh_reuse failure',
      'logout success',
      'login success',
      'logout_all success',
    ])
    for (const item of items) {
      expect(item).toMatchObject({ ip: CLIENT.ip, userAgent: CLIENT.userAgent, requestId: expect.stringMatching(/./) })
    }
  })

  it('names who did it beside the account to which it was done', async () => {
    const { signedIn, actor } = await gateway.signUp()
    await gateway.call(methods.updateMe, { displayName: 'Ann' }, actor)
    const rows = await query(
      'select action, actor_kind, actor_id, user_id from audit_log where user_id = $1 order by sequence',
      [signedIn.user.id],
    )
    expect(rows).toEqual([
      { action: 'register', actor_kind: 'anonymous', actor_id: null, user_id: actor.userId },
      { action: 'profile_update', actor_kind: 'user', actor_id: actor.userId, user_id: actor.userId },
    ])
  })

  it('is read page by page, and only by its owner', async () => {
    const { email, actor } = await gateway.signUp()
    const stranger = await gateway.signUp()
    await gateway.signIn(email)
    await gateway.signIn(email)
    const first = await gateway.call(methods.listAudit, { limit: 2 }, actor)
    const rest = await gateway.call(methods.listAudit, { limit: 2, cursor: first.nextCursor ?? '' }, actor)
    expect([...first.items, ...rest.items].map((item) => item.action)).toEqual(['login', 'login', 'register'])
    expect(rest.nextCursor).toBeNull()
    expect((await gateway.call(methods.listAudit, {}, stranger.actor)).items).toHaveLength(1)
  })

  it('keeps the failures of people that nobody can name', async () => {
    await gateway.call(methods.login, { email: 'nobody@kinora.test', password: PASSWORD }).catch(() => {})
    await gateway.call(methods.refresh, { refreshToken: 'forged' }).catch(() => {})
    const rows = await query('select action, code from audit_log where user_id is null order by sequence')
    expect(rows).toEqual([
      { action: 'login', code: 'INVALID_CREDENTIALS' },
      { action: 'refresh', code: 'REFRESH_INVALID' },
    ])
  })

  it.each([
    'update audit_log set action = action',
    'delete from audit_log',
    'truncate audit_log',
    'drop table audit_log',
    'alter table audit_log disable trigger all',
  ])('cannot be changed with the rights of the service: %s', async (statement) => {
    const client = new pg.Client({ connectionString: world.databaseUrl('auth'), options: '-c search_path=auth' })
    await client.connect()
    try {
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
    } finally {
      await client.end()
    }
  })

  it('has no row of what did not happen: effect and row are one transaction', async () => {
    const { actor } = await gateway.signUp()
    await query('alter table audit_log add constraint no_more check (action <> $$profile_update$$) not valid')
    try {
      const attempt = gateway.call(methods.updateMe, { displayName: 'Ann' }, actor)
      await expect(attempt).rejects.toMatchObject({ code: 'INTERNAL' })
      expect((await gateway.call(methods.getMe, {}, actor)).displayName).toBeNull()
    } finally {
      await query('alter table audit_log drop constraint no_more')
    }
  })
})
