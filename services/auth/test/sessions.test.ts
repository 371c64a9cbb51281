import type { EventEnvelope } from '@kinora/common/contract'
import { events, auth as methods, type Revocation } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { type Account, actorOf, GATEWAY } from './support/gateway.ts'
import { withTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const { world, gateway, query } = await useAuth()

const heard: EventEnvelope[] = []
await gateway.bus.listen(
  [events['auth.sessions-revoked']],
  (envelope) => heard.push(envelope),
  () => {},
)

const refresh = (account: Account) => gateway.call(methods.refresh, { refreshToken: account.signedIn.refreshToken })
const heardOf = (sessionId: string) =>
  heard.map((envelope) => envelope.data as Revocation).find((it) => it.sessionIds.includes(sessionId))

/** The state of a session: alive and not revoked, or ended and revoked once. Throws for any other. */
async function stateOf(sessionId: string): Promise<'alive' | 'ended'> {
  const [session] = await query('select ended_at from sessions where id = $1', [sessionId])
  const revocations = await query('select 1 from revocations where $1 = any(session_ids)', [sessionId])
  expect(revocations).toHaveLength(session?.ended_at ? 1 : 0)
  return session?.ended_at ? 'ended' : 'alive'
}

describe('logout', () => {
  it('ends this session, tells the gateways and leaves the others alone', async () => {
    const account = await gateway.signUp()
    const other = await gateway.signIn(account.email)
    await gateway.call(methods.logout, {}, account.actor)
    await expect(refresh(account)).rejects.toMatchObject({ code: 'SESSION_REVOKED' })
    await expect(refresh(other)).resolves.toBeDefined()
    const revocation = await until(() => heardOf(account.actor.sessionId))
    expect(revocation).toMatchObject({ sessionIds: [account.actor.sessionId], reason: 'logout' })
    expect(Date.parse(revocation.expiresAt)).toBeGreaterThan(Date.now() + 900_000)
  })

  it('changes nothing the second time', async () => {
    const { actor } = await gateway.signUp()
    await gateway.call(methods.logout, {}, actor)
    await gateway.call(methods.logout, {}, actor)
    expect(await stateOf(actor.sessionId)).toBe('ended')
  })

  it('is on the list with which a gateway starts', async () => {
    const { actor } = await gateway.signUp()
    await gateway.call(methods.logout, {}, actor)
    const { items } = await readAll(0)
    expect(items.some((item) => item.sessionIds.includes(actor.sessionId))).toBe(true)
  })
})

describe('logout-all', () => {
  it('ends every session of the account and of no other', async () => {
    const account = await gateway.signUp()
    const others = await Promise.all([gateway.signIn(account.email), gateway.signIn(account.email)])
    const stranger = await gateway.signUp()
    await gateway.call(methods.logoutAll, {}, account.actor)
    for (const ended of [account, ...others]) {
      await expect(refresh(ended)).rejects.toMatchObject({ code: 'SESSION_REVOKED' })
    }
    await expect(refresh(stranger)).resolves.toBeDefined()
    expect((await until(() => heardOf(account.actor.sessionId))).sessionIds).toHaveLength(3)
  })

  it('tells of more sessions than one message holds in several', async () => {
    const account = await gateway.signUp()
    await query(
      `insert into sessions select gen_random_uuid(), user_id, 0, refresh_salt, amr, ip, user_agent, created_at,
         last_used_at, expires_at, access_expires_at from sessions, generate_series(1, 450) where id = $1`,
      [account.actor.sessionId],
    )
    const before = (await readAll(0)).sequence
    await gateway.call(methods.logoutAll, {}, account.actor)
    const { items, sequence } = await readAll(before)
    expect(items.map((item) => item.sessionIds.length)).toEqual([200, 200, 51])
    expect(sequence).toBe(before + 3)
  })

  it('either ends a sign-in that races with it or comes before it, never half', async () => {
    const account = await gateway.signUp()
    for (let round = 0; round < 5; round++) {
      const signIns = Array.from({ length: 6 }, () => gateway.signIn(account.email))
      const [, ...signedIn] = await Promise.all([gateway.call(methods.logoutAll, {}, account.actor), ...signIns])
      for (const it of signedIn) {
        const state = await stateOf(it.actor.sessionId)
        const refreshed = await refresh(it).then(
          () => 'alive',
          () => 'ended',
        )
        expect(refreshed).toBe(state)
      }
    }
    await gateway.call(methods.logoutAll, {}, account.actor)
    expect((await gateway.call(methods.listSessions, {}, account.actor)).items).toEqual([])
  })
})

describe('the list of sessions', () => {
  it('shows where the account is signed in, newest first, page by page', async () => {
    const account = await gateway.signUp()
    const second = await gateway.signIn(account.email)
    const third = await gateway.signIn(account.email)
    const first = await gateway.call(methods.listSessions, { limit: 2 }, account.actor)
    const rest = await gateway.call(methods.listSessions, { limit: 2, cursor: first.nextCursor ?? '' }, account.actor)
    const ids = [...first.items, ...rest.items].map((item) => item.id)
    expect(ids).toEqual([third, second, account].map((it) => it.actor.sessionId))
    expect(rest).toMatchObject({ items: [{ current: true, ip: '203.0.113.7' }], nextCursor: null })
    expect(first.items.map((item) => item.current)).toEqual([false, false])
  })

  it('refuses a cursor that it did not make', async () => {
    const { actor } = await gateway.signUp()
    const attempt = gateway.call(methods.listSessions, { cursor: 'bm9uc2Vuc2U' }, actor)
    await expect(attempt).rejects.toMatchObject({ code: 'VALIDATION_FAILED', fields: [{ path: 'cursor' }] })
  })
})

describe('revoking a session', () => {
  it('ends it, may be repeated, and the session leaves the list', async () => {
    const account = await gateway.signUp()
    const other = await gateway.signIn(account.email)
    const { sessionId } = other.actor
    await gateway.call(methods.revokeSession, { sessionId }, account.actor)
    await gateway.call(methods.revokeSession, { sessionId }, account.actor)
    expect(await stateOf(sessionId)).toBe('ended')
    const { items } = await gateway.call(methods.listSessions, {}, account.actor)
    expect(items.map((item) => item.id)).toEqual([account.actor.sessionId])
  })

  it("does not reach someone else's session, which looks like none", async () => {
    const [account, stranger] = await Promise.all([gateway.signUp(), gateway.signUp()])
    const attempt = gateway.call(methods.revokeSession, { sessionId: stranger.actor.sessionId }, account.actor)
    await expect(attempt).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
    await expect(refresh(stranger)).resolves.toBeDefined()
  })

  it('takes turns with a refresh: whatever comes out of the race is ended', async () => {
    await withTestAuth(world)
    for (let round = 0; round < 10; round++) {
      const account = await gateway.signUp()
      const [refreshed] = await Promise.allSettled([
        refresh(account),
        gateway.call(methods.revokeSession, { sessionId: account.actor.sessionId }, account.actor),
      ])
      expect(await stateOf(account.actor.sessionId)).toBe('ended')
      if (refreshed.status === 'rejected') expect(refreshed.reason).toMatchObject({ code: 'SESSION_REVOKED' })
      else {
        // The access token of the successful refresh is refused until it expires.
        expect(actorOf(refreshed.value).sessionId).toBe(account.actor.sessionId)
        const next = gateway.call(methods.refresh, { refreshToken: refreshed.value.refreshToken })
        await expect(next).rejects.toMatchObject({ code: 'SESSION_REVOKED' })
      }
    }
  })
})

describe('the sequence of revocations', () => {
  it('has no gap, whoever revokes at the same time, and no reader misses one', async () => {
    await withTestAuth(world)
    const accounts = await Promise.all(Array.from({ length: 20 }, () => gateway.signUp()))
    const start = (await readAll(0)).sequence
    let seen: number[] = []
    const reader = (async () => {
      let after = start
      while (seen.length < accounts.length) {
        const page = await gateway.call(methods.listRevocations, { after }, GATEWAY)
        seen = [...seen, ...page.items.map((item) => item.sequence)]
        after = page.sequence
      }
    })()
    await Promise.all(accounts.map(({ actor }) => gateway.call(methods.logout, {}, actor)))
    await reader
    expect(seen).toEqual(accounts.map((_, index) => start + 1 + index))
  })

  it('is told to gateways only', async () => {
    const { actor } = await gateway.signUp()
    for (const other of [actor, { ...actor, role: 'admin' as const }, undefined]) {
      const attempt = gateway.call(methods.listRevocations, { after: 0 }, other)
      await expect(attempt).rejects.toMatchObject({ code: 'FORBIDDEN' })
    }
  })

  it('is read in pages that fit into a message', async () => {
    const { items, pages } = await readAll(0)
    expect(pages).toBeGreaterThan(1)
    expect(items.map((item) => item.sequence)).toEqual(items.map((_, index) => index + 1))
  })
})

async function readAll(after: number): Promise<{ items: Revocation[]; sequence: number; pages: number }> {
  const items: Revocation[] = []
  for (let pages = 1; ; pages++) {
    const page = await gateway.call(methods.listRevocations, { after }, GATEWAY)
    expect(JSON.stringify(page).length).toBeLessThan(16 * 1024)
    items.push(...page.items)
    after = page.sequence
    if (!page.more) return { items, sequence: page.sequence, pages }
  }
}
