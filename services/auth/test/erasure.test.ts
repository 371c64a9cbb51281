import { randomUUID } from 'node:crypto'
import { type Bus, connectBus } from '@kinora/common/bus'
import type { EventEnvelope } from '@kinora/common/contract'
import { events, auth as methods } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { finishErasures } from '../src/background/finish-erasures.ts'
import { type Account, CLIENT, GATEWAY, PASSWORD } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const HOUR_MS = 3600 * 1000
const clock = { ahead: 0 }
const { world, auth, gateway, query } = await useAuth({ now: () => new Date(Date.now() + clock.ahead) })
const told: string[] = []
const media = await connectMedia()
beforeEach(() => {
  clock.ahead = 0
})

/** Connects as media, which receives the events of erased accounts. */
async function connectMedia(): Promise<Bus> {
  const bus = await connectBus({ url: world.amqpUrl('media'), service: 'media', logger: pino({ level: 'silent' }) })
  world.use(bus, 'bus', (it) => it.drain())
  await bus.subscribe({
    group: 'media',
    events: [events['auth.user-erased']],
    handle: async ({ aggregateId }) => void told.push(aggregateId),
  })
  return bus
}

async function answerFor({ actor: { userId } }: Account): Promise<void> {
  const { type, version } = events['video.owner-erased']
  const envelope: EventEnvelope = {
    id: randomUUID(),
    type,
    version,
    occurredAt: new Date().toISOString(),
    aggregateId: userId,
    sequence: 1,
    data: { ownerId: userId },
  }
  await media.publish(envelope)
}

const erase = ({ actor }: Account, password = PASSWORD) => gateway.call(methods.eraseMe, { password }, actor)
const timesTold = ({ actor: { userId } }: Account) => told.filter((id) => id === userId).length

async function erasureOf({ actor: { userId } }: Account) {
  const rows = await query<{ media_done_at: Date | null; auth_done_at: Date | null }>(
    'select media_done_at, auth_done_at from erasures where user_id = $1',
    [userId],
  )
  return rows[0]
}

async function createAdmin({ actor }: Account): Promise<Account['actor']> {
  await query("update users set role = 'admin' where id = $1", [actor.userId])
  return { ...actor, role: 'admin' }
}

describe('deleting the own account', () => {
  it('needs the password', async () => {
    const account = await gateway.signUp()
    await expect(erase(account, 'not the one')).rejects.toMatchObject({ code: 'PASSWORD_WRONG' })
    await expect(gateway.call(methods.getMe, {}, account.actor)).resolves.toMatchObject({ email: account.email })
    const { items } = await gateway.call(methods.listAudit, {}, account.actor)
    expect(items[0]).toMatchObject({ action: 'account_erase_confirm', outcome: 'failure' })
    expect(timesTold(account)).toBe(0)
  })

  it('needs the second factor too, where there is one', async () => {
    const account = await gateway.signUp()
    const { userId } = account.actor
    await query('update users set mfa_enabled_at = now() where id = $1', [userId])
    await expect(erase(account)).rejects.toMatchObject({ code: 'MFA_CODE_REQUIRED', status: 403 })
    const input = { password: PASSWORD, code: '000000' }
    await expect(gateway.call(methods.eraseMe, input, account.actor)).rejects.toMatchObject({
      code: 'MFA_CODE_WRONG',
    })
    expect(await query('select 1 from users where id = $1', [userId])).toHaveLength(1)
  })

  it('ends every way in at once and frees the address', async () => {
    const account = await gateway.signUp()
    const other = await gateway.signIn(account.email)
    await erase(account)
    await expect(gateway.call(methods.login, { email: account.email, password: PASSWORD })).rejects.toMatchObject({
      code: 'INVALID_CREDENTIALS',
    })
    for (const { signedIn, actor } of [account, other]) {
      const { refreshToken } = signedIn
      await expect(gateway.call(methods.refresh, { refreshToken })).rejects.toMatchObject({ code: 'REFRESH_INVALID' })
      await expect(gateway.call(methods.getMe, {}, actor)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    }
    const { items } = await gateway.call(methods.listRevocations, { after: 0 }, GATEWAY)
    const revoked = items.filter(({ reason }) => reason === 'account_erased').flatMap(({ sessionIds }) => sessionIds)
    expect(revoked).toEqual(expect.arrayContaining([account.actor.sessionId, other.actor.sessionId]))
    const again = await gateway.signUp(account.email)
    expect(again.actor.userId).not.toBe(account.actor.userId)
  })

  it('leaves the audit log as it was, without what tells where the person was', async () => {
    const account = await gateway.signUp()
    const admin = await createAdmin(await gateway.signUp())
    await gateway.call(methods.updateUser, { userId: account.actor.userId, disabled: false, role: 'admin' }, admin)
    const another = await gateway.signUp()
    const asAdmin = { ...account.actor, role: 'admin' } as const
    await gateway.call(methods.updateUser, { userId: another.actor.userId, role: 'admin' }, asAdmin)
    await gateway.call(methods.updateUser, { userId: account.actor.userId, role: 'user' }, admin)
    await gateway.call(methods.login, { email: account.email, password: 'wrong' }).catch(() => {})
    const before = await query('select id from audit_log where user_id = $1', [account.actor.userId])
    await erase(account)
    const rows = await query<{ action: string; actor_id: string; ip: string | null; user_agent: string | null }>(
      'select action, actor_id, ip, user_agent from audit_log where user_id = $1 order by sequence',
      [account.actor.userId],
    )
    expect(rows).toHaveLength(before.length + 1)
    expect(rows.at(-1)).toMatchObject({ action: 'account_erase', ip: null, user_agent: null })
    const kept = rows.filter(({ ip, user_agent }) => ip !== null || user_agent !== null)
    // The administrator's address is not the erased person's data.
    expect(kept.map(({ action, actor_id }) => [action, actor_id])).toEqual([
      ['user_promote', admin.userId],
      ['user_demote', admin.userId],
    ])
    const byPerson = await query('select 1 from audit_log where actor_id = $1 and ip is not null', [
      account.actor.userId,
    ])
    expect(byPerson).toEqual([])
  })

  it('leaves nothing personal in any table', async () => {
    const account = await gateway.signUp()
    await erase(account)
    const { userId } = account.actor
    for (const table of ['users', 'sessions']) {
      const column = table === 'users' ? 'id' : 'user_id'
      expect(await query(`select 1 from ${table} where ${column} = $1`, [userId])).toEqual([])
    }
    const personal = await query(
      'select 1 from audit_log where user_id = $1 and (ip is not null or user_agent is not null)',
      [userId],
    )
    expect(personal).toEqual([])
  })

  it('happens once, however often it is asked for at the same time', async () => {
    const account = await gateway.signUp()
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => erase(account)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await until(() => timesTold(account) === 1)
  })
})

describe('an administrator', () => {
  it('deletes the account of somebody else, not their own in this way', async () => {
    const admin = await createAdmin(await gateway.signUp())
    const account = await gateway.signUp()
    const { userId } = account.actor
    await gateway.call(methods.eraseUser, { userId }, admin)
    await expect(gateway.call(methods.getMe, {}, account.actor)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(gateway.call(methods.eraseUser, { userId }, admin)).rejects.toMatchObject({ code: 'USER_NOT_FOUND' })
    await expect(gateway.call(methods.eraseUser, { userId: admin.userId }, admin)).rejects.toMatchObject({
      code: 'OWN_ACCOUNT',
    })
    await expect(gateway.call(methods.eraseUser, { userId }, (await gateway.signUp()).actor)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
  })

  it('who is the last one stays, also of two who leave at the same time', async () => {
    await query("update users set role = 'user'")
    const [first, second] = [await gateway.signUp(), await gateway.signUp()]
    await createAdmin(first)
    await createAdmin(second)
    const outcomes = await Promise.allSettled([erase(first), erase(second)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'LAST_ADMIN' } })
    expect(await query("select 1 from users where role = 'admin'")).toHaveLength(1)
  })
})

describe('an erasure', () => {
  it('is unfinished until media has answered and no token of the account is left, and can be seen so', async () => {
    const account = await gateway.signUp()
    await erase(account)
    await finishErasures(auth.ctx)
    const before = await auth.metric('kinora_auth_erasures_unfinished', { service: 'media' })
    expect(before).toBeGreaterThan(0)
    expect(await erasureOf(account)).toEqual({ media_done_at: null, auth_done_at: null })

    await answerFor(account)
    await until(async () => (await erasureOf(account))?.media_done_at)
    await answerFor(account)
    // A row that a concurrent request has written meanwhile.
    const { userId } = account.actor
    const late = { actor: account.actor, requestId: 'late', client: CLIENT, timeoutMs: 1000 }
    await auth.ctx.audit.record(late, { action: 'profile_update', userId }, new Date())
    clock.ahead = 2 * HOUR_MS
    await finishErasures(auth.ctx)
    expect((await erasureOf(account))?.auth_done_at).not.toBeNull()
    expect(await query('select 1 from audit_log where user_id = $1 and ip is not null', [userId])).toEqual([])
    expect(await auth.metric('kinora_auth_erasures_unfinished', { service: 'auth' })).toBe(0)
    expect(await auth.metric('kinora_auth_erasures_unfinished', { service: 'media' })).toBe(before - 1)
  })

  it('that media does not answer is said again, and logged', async () => {
    const account = await gateway.signUp()
    await erase(account)
    await until(() => timesTold(account) === 1)
    await finishErasures(auth.ctx)
    clock.ahead = 2 * HOUR_MS
    await finishErasures(auth.ctx)
    await until(() => timesTold(account) === 2)
    const warning = auth.logLines.filter((line) => line.includes('the event to media is repeated'))
    expect(warning.join()).toContain(account.actor.userId)
  })
})

describe('an export', () => {
  it('begins with the account, and is seen in the audit log', async () => {
    const { actor, email } = await gateway.signUp()
    expect(await gateway.call(methods.exportAccount, {}, actor)).toMatchObject({ id: actor.userId, email })
    const { items } = await gateway.call(methods.listAudit, {}, actor)
    expect(items[0]).toMatchObject({ action: 'data_export', outcome: 'success' })
  })
})
