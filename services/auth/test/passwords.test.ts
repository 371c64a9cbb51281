import { auth as methods } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { type Account, PASSWORD } from './support/gateway.ts'
import { withTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const { world, auth, gateway, query } = await useAuth()

const NEW_PASSWORD = 'another harbour at dusk'
const hashes = () => auth.metric('kinora_auth_password_hashes_total')
const refresh = (account: Account) => gateway.call(methods.refresh, { refreshToken: account.signedIn.refreshToken })
const login = (email: string, password: string) => gateway.call(methods.login, { email, password })
const change = ({ actor }: Account, currentPassword: string, newPassword = NEW_PASSWORD) =>
  gateway.call(methods.changePassword, { currentPassword, newPassword }, actor)

const reasonsOf = async (sessionId: string) => {
  const rows = await query<{ reason: string }>('select reason from revocations where $1 = any(session_ids)', [
    sessionId,
  ])
  return rows.map(({ reason }) => reason)
}

const auditOf = async ({ actor }: Account) => {
  const { items } = await gateway.call(methods.listAudit, {}, actor)
  return items.filter(({ action }) => action === 'password_change').map(({ outcome }) => outcome)
}

describe('changing the password', () => {
  it('ends every other session and lets this one go on', async () => {
    const account = await gateway.signUp()
    const others = [await gateway.signIn(account.email), await gateway.signIn(account.email)]
    const stranger = await gateway.signUp()
    await change(account, PASSWORD)
    for (const other of others) {
      await expect(refresh(other)).rejects.toMatchObject({ code: 'PASSWORD_CHANGED' })
      expect(await reasonsOf(other.actor.sessionId)).toEqual(['password_changed'])
    }
    await expect(refresh(account)).resolves.toBeDefined()
    await expect(refresh(stranger)).resolves.toBeDefined()
    expect(await reasonsOf(account.actor.sessionId)).toEqual([])
    await expect(login(account.email, PASSWORD)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    await expect(login(account.email, NEW_PASSWORD)).resolves.toBeDefined()
    expect(await auditOf(account)).toEqual(['success'])
  })

  it('needs the current one: a wrong guess costs one hash, is audited and changes nothing', async () => {
    const account = await gateway.signUp()
    const other = await gateway.signIn(account.email)
    const before = await hashes()
    await expect(change(account, 'not the password')).rejects.toMatchObject({ code: 'PASSWORD_WRONG' })
    expect((await hashes()) - before).toBe(1)
    await expect(refresh(other)).resolves.toBeDefined()
    await expect(login(account.email, PASSWORD)).resolves.toBeDefined()
    expect(await auditOf(account)).toEqual(['failure'])
  })

  it('holds the new one to the same rules as the first', async () => {
    const account = await gateway.signUp()
    const refused = { code: 'PASSWORD_UNACCEPTABLE', fields: [{ path: 'newPassword' }] }
    await expect(change(account, PASSWORD, 'Password123')).rejects.toMatchObject(refused)
    await expect(change(account, PASSWORD, account.email)).rejects.toMatchObject(refused)
  })

  it('is won by one of several sessions that try at once; the others are signed out', async () => {
    await withTestAuth(world)
    const first = await gateway.signUp()
    const sessions = [first, await gateway.signIn(first.email), await gateway.signIn(first.email)]
    const wanted = sessions.map((_, index) => `${NEW_PASSWORD} ${index}`)
    const outcomes = await Promise.allSettled(sessions.map((it, index) => change(it, PASSWORD, wanted[index])))
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
    const codes = outcomes.flatMap((it) => (it.status === 'rejected' ? [it.reason.code] : []))
    expect(codes).toEqual(['PASSWORD_WRONG', 'PASSWORD_WRONG'])
    await expect(login(first.email, wanted[winner] ?? '')).resolves.toBeDefined()
    const goOn = await Promise.allSettled(sessions.map(refresh))
    expect(goOn.map(({ status }) => status === 'fulfilled')).toEqual(outcomes.map((_, index) => index === winner))
  })

  it('leaves no session that was opened with the old one, however a sign-in races with it', async () => {
    await withTestAuth(world)
    for (let round = 0; round < 5; round++) {
      const account = await gateway.signUp()
      const signIns = Array.from({ length: 4 }, () => gateway.signIn(account.email))
      const [changed, ...signedIn] = await Promise.allSettled([change(account, PASSWORD), ...signIns])
      expect(changed.status).toBe('fulfilled')
      for (const outcome of signedIn) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'INVALID_CREDENTIALS' })
        else await expect(refresh(outcome.value)).rejects.toMatchObject({ code: 'PASSWORD_CHANGED' })
      }
    }
  })

  it('is nobody else to do', async () => {
    const anonymous = gateway.call(methods.changePassword, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD })
    await expect(anonymous).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})
