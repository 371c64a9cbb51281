import type { SessionActor } from '@kinora/common/contract'
import { auth as methods } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { type Account, OPERATOR, PASSWORD } from './support/gateway.ts'
import { withTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const { world, gateway, query } = await useAuth()

const refresh = ({ signedIn }: Account) => gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken })
const update = (by: SessionActor, userId: string, change: { disabled?: boolean; role?: 'user' | 'admin' }) =>
  gateway.call(methods.updateUser, { userId, ...change }, by)
const auditOf = async (userId: string) => {
  const { items } = await gateway.call(methods.searchAudit, { userId, limit: 50 }, OPERATOR)
  return items.toReversed()
}
const revocationOf = async (sessionId: string) =>
  (await query('select reason from revocations where $1 = any(session_ids)', [sessionId]))[0]?.reason

describe('the methods of administrators', () => {
  const attempts = (actor: SessionActor | undefined, userId: string) => [
    gateway.call(methods.listUsers, {}, actor),
    gateway.call(methods.getUser, { userId }, actor),
    gateway.call(methods.updateUser, { userId, role: 'admin' }, actor),
    gateway.call(methods.listUserSessions, { userId }, actor),
    gateway.call(methods.revokeUserSessions, { userId }, actor),
    gateway.call(methods.revokeUserSession, { userId, sessionId: userId }, actor),
    gateway.call(methods.resetSecondFactor, { userId }, actor),
    gateway.call(methods.searchAudit, {}, actor),
  ]
  const codesOf = async (calls: Promise<unknown>[]) =>
    (await Promise.allSettled(calls)).map((it) => (it.status === 'rejected' ? it.reason.code : 'allowed'))

  it('are closed to everybody else, also to a token that says admin when the account does not', async () => {
    const { actor } = await gateway.signUp()
    const liar: SessionActor = { ...actor, role: 'admin' }
    for (const by of [actor, liar])
      expect(new Set(await codesOf(attempts(by, actor.userId)))).toEqual(new Set(['FORBIDDEN']))
    expect(new Set(await codesOf(attempts(undefined, actor.userId)))).toEqual(new Set(['UNAUTHENTICATED']))
    const making = gateway.call(methods.createAdmin, { email: 'x@kinora.test', password: PASSWORD }, liar)
    await expect(making).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('are closed to a key or token of an administrator that does not say so', async () => {
    const { actor } = await gateway.signUpAdmin()
    expect(new Set(await codesOf(attempts({ ...actor, role: 'user' }, actor.userId)))).toEqual(new Set(['FORBIDDEN']))
  })
})

describe('the list of users', () => {
  it('shows all accounts, newest first, page by page', async () => {
    const { actor } = await gateway.signUpAdmin()
    const people = [await gateway.signUp(), await gateway.signUp(), await gateway.signUp()]
    const first = await gateway.call(methods.listUsers, { limit: 2 }, actor)
    const second = await gateway.call(methods.listUsers, { limit: 2, cursor: first.nextCursor ?? '' }, actor)
    const ids = [...first.items, ...second.items].map(({ id }) => id)
    expect(ids).toEqual([...people.map((it) => it.actor.userId).toReversed(), actor.userId])
  })

  it('is looked through by address, name, role and state', async () => {
    const admin = await gateway.signUpAdmin()
    const { actor } = await gateway.signUp('someone.else@kinora.test')
    await gateway.call(methods.updateMe, { displayName: '100%_Pears' }, actor)
    const find = async (filter: { q?: string; role?: 'user' | 'admin'; disabled?: 'true' | 'false' }) =>
      (await gateway.call(methods.listUsers, { limit: 100, ...filter }, admin.actor)).items.map(({ id }) => id)
    expect(await find({ q: 'Someone.ELSE' })).toEqual([actor.userId])
    expect(await find({ q: '100%_pears' })).toEqual([actor.userId])
    expect(await find({ q: '1%pears' })).toEqual([])
    expect(await find({ role: 'admin' })).toContain(admin.actor.userId)
    expect(await find({ role: 'admin' })).not.toContain(actor.userId)
    await update(admin.actor, actor.userId, { disabled: true })
    expect(await find({ disabled: 'true' })).toEqual([actor.userId])
    expect(await find({ disabled: 'false' })).not.toContain(actor.userId)
  })

  it('knows where an account is signed in, and when somebody signed in last', async () => {
    const admin = await gateway.signUpAdmin()
    const account = await gateway.signUp()
    const before = Date.now()
    await gateway.signIn(account.email)
    const user = await gateway.call(methods.getUser, { userId: account.actor.userId }, admin.actor)
    expect(user).toMatchObject({ email: account.email, role: 'user', disabledAt: null, sessions: 2 })
    expect(Date.parse(user.lastLoginAt ?? '')).toBeGreaterThanOrEqual(before)
    const missing = gateway.call(methods.getUser, { userId: crypto.randomUUID() }, admin.actor)
    await expect(missing).rejects.toMatchObject({ code: 'USER_NOT_FOUND' })
  })
})

describe('disabling an account', () => {
  it('ends its sessions for good; enabling lets it sign in again', async () => {
    const admin = await gateway.signUpAdmin()
    const account = await gateway.signUp()
    const user = await update(admin.actor, account.actor.userId, { disabled: true })
    expect(user).toMatchObject({ disabledAt: expect.any(String), sessions: 0 })
    expect(await revocationOf(account.actor.sessionId)).toBe('account_disabled')
    await expect(refresh(account)).rejects.toMatchObject({ code: 'ACCOUNT_DISABLED' })
    await expect(gateway.signIn(account.email)).rejects.toMatchObject({ code: 'ACCOUNT_DISABLED' })

    expect((await update(admin.actor, account.actor.userId, { disabled: false })).disabledAt).toBeNull()
    await expect(gateway.signIn(account.email)).resolves.toBeDefined()
  })

  it('leaves no session alive, however many sign in at the same time', async () => {
    const admin = await gateway.signUpAdmin()
    const { email, actor } = await gateway.signUp()
    const signIns = Array.from({ length: 6 }, () => gateway.signIn(email))
    await Promise.allSettled([update(admin.actor, actor.userId, { disabled: true }), ...signIns])
    expect(await gateway.call(methods.getUser, { userId: actor.userId }, OPERATOR)).toMatchObject({ sessions: 0 })
  })

  it('cannot hit oneself', async () => {
    const [admin] = [await gateway.signUpAdmin(), await gateway.signUpAdmin()]
    const attempt = update(admin.actor, admin.actor.userId, { disabled: true })
    await expect(attempt).rejects.toMatchObject({ code: 'OWN_ACCOUNT' })
    await expect(refresh(admin)).resolves.toBeDefined()
  })
})

describe('roles', () => {
  it('come with the next token, and go with the sessions', async () => {
    const admin = await gateway.signUpAdmin()
    const account = await gateway.signUp()
    await update(admin.actor, account.actor.userId, { role: 'admin' })
    expect((await refresh(account)).user.role).toBe('admin')
    const promoted = await gateway.signIn(account.email)
    await expect(gateway.call(methods.listUsers, {}, promoted.actor)).resolves.toBeDefined()

    await update(admin.actor, account.actor.userId, { role: 'user' })
    expect(await revocationOf(promoted.actor.sessionId)).toBe('role_changed')
    await expect(gateway.call(methods.listUsers, {}, promoted.actor)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(refresh(promoted)).rejects.toMatchObject({ code: 'SESSION_REVOKED' })
  })

  it('that are so already change nothing and leave no trace', async () => {
    const admin = await gateway.signUpAdmin()
    const account = await gateway.signUp()
    await update(admin.actor, account.actor.userId, { role: 'user', disabled: false })
    await update(admin.actor, account.actor.userId, {})
    await expect(refresh(account)).resolves.toBeDefined()
    expect((await auditOf(account.actor.userId)).map(({ action }) => action)).toEqual(['register', 'refresh'])
  })
})

describe('the last administrator', () => {
  /** Creates so many administrators and demotes all others. */
  async function onlyAdmins(count: number): Promise<Account[]> {
    await query("update users set role = 'user'")
    return await Promise.all(Array.from({ length: count }, () => gateway.signUpAdmin()))
  }
  const admins = async () => (await query("select id from users where role = 'admin' and disabled_at is null")).length

  it('can be neither demoted nor disabled, by nobody', async () => {
    const [last] = (await onlyAdmins(1)) as [Account]
    const { userId } = last.actor
    await expect(update(last.actor, userId, { role: 'user' })).rejects.toMatchObject({ code: 'LAST_ADMIN' })
    for (const change of [{ disabled: true }, { role: 'user' as const }]) {
      const attempt = gateway.call(methods.updateUser, { userId, ...change }, OPERATOR)
      await expect(attempt).rejects.toMatchObject({ code: 'LAST_ADMIN' })
    }
    await expect(refresh(last)).resolves.toBeDefined()
  })

  it('is a person: a service account with the role does not count', async () => {
    const [last] = (await onlyAdmins(1)) as [Account]
    const service = await gateway.call(methods.createServiceAccount, { displayName: 'Robot' }, last.actor)
    await update(last.actor, service.id, { role: 'admin' })
    const attempt = update(last.actor, last.actor.userId, { role: 'user' })
    await expect(attempt).rejects.toMatchObject({ code: 'LAST_ADMIN' })
  })

  it('is left of two who demote or disable each other at the same time', async () => {
    await withTestAuth(world)
    for (let round = 0; round < 10; round++) {
      const [ann, bob] = (await onlyAdmins(2)) as [Account, Account]
      const change = round % 2 === 0 ? { role: 'user' as const } : { disabled: true }
      const outcomes = await Promise.allSettled([
        update(ann.actor, bob.actor.userId, change),
        update(bob.actor, ann.actor.userId, change),
      ])
      expect(outcomes.map((it) => it.status).toSorted()).toEqual(['fulfilled', 'rejected'])
      expect(outcomes.find((it) => it.status === 'rejected')?.reason).toMatchObject({ code: 'FORBIDDEN' })
      expect(await admins()).toBe(1)
    }
  })

  it('is left of many who all step back at the same time', async () => {
    const all = await onlyAdmins(5)
    const outcomes = await Promise.allSettled(all.map(({ actor }) => update(actor, actor.userId, { role: 'user' })))
    expect(outcomes.filter((it) => it.status === 'fulfilled')).toHaveLength(4)
    expect(await admins()).toBe(1)
  })
})

describe("somebody else's sessions", () => {
  it('are listed and ended, one or all, with a trace of who did it', async () => {
    const admin = await gateway.signUpAdmin()
    const account = await gateway.signUp()
    const other = await gateway.signIn(account.email)
    const { userId } = account.actor
    const list = async () =>
      (await gateway.call(methods.listUserSessions, { userId }, admin.actor)).items.map((it) => [it.id, it.current])
    expect(await list()).toEqual([
      [other.actor.sessionId, false],
      [account.actor.sessionId, false],
    ])

    const { sessionId } = other.actor
    await gateway.call(methods.revokeUserSession, { userId, sessionId }, admin.actor)
    expect(await revocationOf(sessionId)).toBe('revoked_by_admin')
    expect(await list()).toEqual([[account.actor.sessionId, false]])
    await gateway.call(methods.revokeUserSessions, { userId }, admin.actor)
    expect(await list()).toEqual([])
    await expect(refresh(account)).rejects.toMatchObject({ code: 'SESSION_REVOKED' })

    const byAdmin = { action: 'user_sessions_revoke', actor: { kind: 'user', id: admin.actor.userId }, userId }
    expect((await auditOf(userId)).filter(({ actor }) => actor?.id === admin.actor.userId)).toMatchObject([
      { ...byAdmin, sessionId },
      { ...byAdmin, sessionId: null },
    ])
  })

  it('must be of that account', async () => {
    const admin = await gateway.signUpAdmin()
    const [account, other] = [await gateway.signUp(), await gateway.signUp()]
    const wrong = { userId: account.actor.userId, sessionId: other.actor.sessionId }
    const attempt = gateway.call(methods.revokeUserSession, wrong, admin.actor)
    await expect(attempt).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })
    await expect(refresh(other)).resolves.toBeDefined()
  })
})

describe('the audit log of all', () => {
  it('is searched by whom, by what, by how it ended and by when', async () => {
    const admin = await gateway.signUpAdmin()
    const { email, actor } = await gateway.signUp()
    await gateway.call(methods.login, { email, password: 'not the password' }).catch(() => {})
    await update(admin.actor, actor.userId, { disabled: true })
    const find = async (filter: object) =>
      (await gateway.call(methods.searchAudit, { limit: 100, ...filter }, admin.actor)).items
    const actions = async (filter: object) => (await find(filter)).map(({ action }) => action)

    const { userId } = actor
    expect(await actions({ userId })).toEqual(['user_disable', 'login', 'register'])
    expect(await actions({ userId, outcome: 'failure' })).toEqual(['login'])
    expect(await actions({ userId, action: 'register' })).toEqual(['register'])
    expect(await actions({ actorId: admin.actor.userId })).toEqual(['user_disable'])
    const [last, , first] = await find({ userId })
    expect(last).toMatchObject({ actor: { kind: 'user', id: admin.actor.userId }, userId, outcome: 'success' })
    expect(await actions({ userId, from: last?.at })).toEqual(['user_disable'])
    expect(await actions({ userId, to: first?.at })).toEqual([])
  })

  it('is read page by page', async () => {
    const { actor } = await gateway.signUp()
    await gateway.call(methods.updateMe, { displayName: 'Ann' }, actor)
    const { userId } = actor
    const first = await gateway.call(methods.searchAudit, { userId, limit: 1 }, OPERATOR)
    const rest = await gateway.call(methods.searchAudit, { userId, limit: 1, cursor: first.nextCursor ?? '' }, OPERATOR)
    expect([...first.items, ...rest.items].map(({ action }) => action)).toEqual(['profile_update', 'register'])
    expect(rest.nextCursor).toBeNull()
  })
})
