import { randomUUID } from 'node:crypto'
import { auth as methods, SignedIn } from '@kinora/common/contracts'
import bcrypt from 'bcrypt'
import { Counter } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { HashGate } from '../src/infra/hash-gate.ts'
import { createPasswordHasher } from '../src/infra/password-hasher.ts'
import { CLIENT, PASSWORD } from './support/gateway.ts'
import { testConfig } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const { world, auth, gateway, query } = await useAuth()
const hashes = () => auth.metric('kinora_auth_password_hashes_total')

describe('register', () => {
  it('creates an account and signs in', async () => {
    const email = `${randomUUID()}@kinora.test`
    const answer = await gateway.call(methods.register, { email, password: PASSWORD, displayName: '  Ann  ' })
    expect(answer).toMatchObject({
      user: { email, displayName: 'Ann', role: 'user', emailVerified: false, mfaEnabled: false },
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshExpiresIn: 604_800,
    })
  })

  it('takes an address once, however it is written', async () => {
    const { email } = await gateway.signUp()
    const again = gateway.call(methods.register, { email: email.toUpperCase(), password: PASSWORD })
    await expect(again).rejects.toMatchObject({ code: 'EMAIL_TAKEN' })
  })

  it('lets one of many registrations at once with the same address win', async () => {
    const email = `${randomUUID()}@kinora.test`
    const spellings = [email, email.toUpperCase(), `A${email.slice(1)}`, email, email]
    const spelled = spellings.map((it) => it.replace(/^A/i, email.charAt(0)))
    const outcomes = await Promise.allSettled(
      spelled.map((it) => gateway.call(methods.register, { email: it, password: PASSWORD })),
    )
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
    expect(reasons).toEqual(Array(4).fill('EMAIL_TAKEN'))
  })

  it('refuses a common password and says why', async () => {
    const attempt = gateway.call(methods.register, { email: 'ann@kinora.test', password: 'Password123' })
    await expect(attempt).rejects.toMatchObject({ code: 'PASSWORD_UNACCEPTABLE', fields: [{ path: 'password' }] })
  })

  it('stores no password that bcrypt would have cut', async () => {
    const email = `${randomUUID()}@kinora.test`
    const long = 'x1y2'.repeat(40)
    await gateway.call(methods.register, { email, password: `${long}right` })
    const wrong = gateway.call(methods.login, { email, password: `${long}wrong` })
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    await expect(gateway.call(methods.login, { email, password: `${long}right` })).resolves.toBeDefined()
  })

  it('keeps only a peppered hash', async () => {
    const { email } = await gateway.signUp()
    const [row] = await query<{ password_hash: string }>('select password_hash from users where email = $1', [email])
    expect(row?.password_hash).toMatch(/^\$2b\$04\$/)
    expect(await bcrypt.compare(PASSWORD, row?.password_hash ?? '')).toBe(false)
  })
})

describe('login', () => {
  it('signs in with any spelling of the address', async () => {
    const { email, signedIn } = await gateway.signUp()
    const { signedIn: again } = await gateway.signIn(` ${email.toUpperCase()} `)
    expect(again.user).toEqual(signedIn.user)
    expect(again.refreshToken).not.toBe(signedIn.refreshToken)
  })

  it('answers an unknown address exactly like a wrong password, after the same work', async () => {
    const { email } = await gateway.signUp()
    const attempt = async (address: string) => {
      const [before, [rows]] = [await hashes(), await query<{ n: string }>('select count(*) n from audit_log')]
      const error = await gateway
        .call(methods.login, { email: address, password: 'not the password' })
        .catch((thrown: unknown) => thrown)
      const [after] = await query<{ n: string }>('select count(*) n from audit_log')
      return { error, hashes: (await hashes()) - before, auditRows: Number(after?.n) - Number(rows?.n) }
    }
    const known = await attempt(email)
    const unknown = await attempt('nobody@kinora.test')
    expect(known).toMatchObject({ error: { code: 'INVALID_CREDENTIALS' }, hashes: 1, auditRows: 1 })
    expect(JSON.stringify(unknown)).toBe(JSON.stringify(known))
    expect((unknown.error as Error).message).toBe((known.error as Error).message)
  })

  it('tells that an account is disabled only to who knows its password', async () => {
    const { email } = await gateway.signUp()
    await query('update users set disabled_at = now() where email = $1', [email])
    const wrong = gateway.call(methods.login, { email, password: 'not the password' })
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    const right = gateway.call(methods.login, { email, password: PASSWORD })
    await expect(right).rejects.toMatchObject({ code: 'ACCOUNT_DISABLED' })
  })

  it('renews the hash when the cost has changed, and only then', async () => {
    const { email } = await gateway.signUp()
    const stored = async () =>
      (await query('select password_hash from users where email = $1', [email]))[0]?.password_hash
    const first = await stored()
    await gateway.signIn(email)
    expect(await stored()).toBe(first)

    await query('update users set password_hash = $2 where email = $1', [email, await hashAtCost(5)])
    await Promise.all([gateway.signIn(email), gateway.signIn(email), gateway.signIn(email)])
    expect(await stored()).toMatch(/^\$2b\$04\$/)
    await expect(gateway.signIn(email)).resolves.toBeDefined()
  })
})

describe('the own account', () => {
  it('can be read and renamed', async () => {
    const { actor, signedIn } = await gateway.signUp()
    expect(await gateway.call(methods.getMe, {}, actor)).toEqual(signedIn.user)
    const renamed = await gateway.call(methods.updateMe, { displayName: 'Ann' }, actor)
    expect(renamed).toEqual({ ...signedIn.user, displayName: 'Ann' })
    expect((await gateway.call(methods.updateMe, { displayName: null }, actor)).displayName).toBeNull()
  })

  it.each([methods.getMe, methods.logout, methods.logoutAll, methods.listSessions, methods.listAudit])(
    'is nobody else to see: $name needs a signed-in user',
    async (method) => {
      const anonymous = gateway.call(method as typeof methods.getMe, {})
      await expect(anonymous).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    },
  )

  it('is gone for a token whose account was deleted', async () => {
    const { actor } = await gateway.signUp()
    await query('delete from users where id = $1', [actor.userId])
    await expect(gateway.call(methods.getMe, {}, actor)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})

describe('what is logged', () => {
  it('never holds a password, a token or a hash', async () => {
    const email = `${randomUUID()}@kinora.test`
    const password = `canary-${randomUUID()}`
    const signedIn = SignedIn.parse(await gateway.call(methods.register, { email, password }))
    const next = await gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken })
    await gateway.call(methods.refresh, { refreshToken: next.refreshToken })
    const failures = await Promise.allSettled([
      gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken }),
      gateway.call(methods.login, { email, password: `${password}!` }),
      gateway.call(methods.register, { email, password }),
      gateway.call(methods.register, { email: 'a@kinora.test', password, displayName: 'x'.repeat(200) }),
    ])
    const [row] = await query<{ password_hash: string }>('select password_hash from users where email = $1', [email])
    const everything =
      auth.logLines.join('') + JSON.stringify(failures.map((it) => it.status === 'rejected' && it.reason))
    expect(auth.logLines.join('')).toContain('refresh token reused')
    for (const secret of [
      password,
      signedIn.accessToken,
      signedIn.refreshToken,
      next.refreshToken,
      row?.password_hash,
    ]) {
      expect(everything).not.toContain(secret)
    }
    expect(everything).not.toContain(CLIENT.userAgent)
  })
})

async function hashAtCost(cost: number): Promise<string> {
  const hasher = await createPasswordHasher({
    pepper: Buffer.from(testConfig(world).PASSWORD_PEPPER, 'base64'),
    cost,
    gate: new HashGate({ concurrency: 1, waitMs: 60_000 }),
    computed: new Counter({ name: 'hashes', help: 'hashes', registers: [] }),
  })
  return await hasher.hash(PASSWORD)
}
