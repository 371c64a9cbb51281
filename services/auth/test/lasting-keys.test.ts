import { digestOfApiKey } from '@kinora/common/api-key'
import type { Actor } from '@kinora/common/contract'
import { auth as methods, SignedIn } from '@kinora/common/contracts'
import { startSmtp } from '@kinora/dev/harness'
import { afterAll, describe, expect, it } from 'vitest'
import { createClock } from './support/authenticator-app.ts'
import { type Account, actorOf, GATEWAY, PASSWORD } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const clock = createClock()
const smtp = await startSmtp()
const { gateway, query } = await useAuth({
  config: { SMTP_URL: smtp.url, EMAIL_VERIFICATION: 'off' },
  now: clock.now,
})
afterAll(() => smtp.stop())

const NEW_PASSWORD = 'another harbour at dusk'
const READ = { name: 'a reader', scopes: ['videos:read' as const] }
const create = ({ actor }: Pick<Account, 'actor'>, password?: string) =>
  gateway.call(methods.createApiKey, { ...READ, ...(password && { password }) }, actor)
const stateOf = (key: string) =>
  gateway.call(methods.resolveApiKey, { digest: digestOfApiKey(key) }, GATEWAY).then(
    () => 'good',
    ({ code }: { code: string }) => code,
  )

describe('creating an API key', () => {
  it('needs the password where the sign-in was a while ago, and is mailed to the owner', async () => {
    const account = await gateway.signUp()
    clock.pass(16 * 60)
    await expect(create(account)).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' })
    await expect(create(account, 'not the password')).rejects.toMatchObject({ code: 'PASSWORD_WRONG' })
    expect((await gateway.call(methods.listApiKeys, {}, account.actor)).items).toEqual([])
    await create(account, PASSWORD)
    const mail = await smtp.mailTo(account.email)
    expect(mail.subject).toBe('A new API key was created')
    expect(mail.text).toContain('from the address 203.0.113.7')
  })

  it('for a service account needs the same of the administrator, who is mailed', async () => {
    const { email } = await gateway.signUp()
    await query("update users set role = 'admin' where email = $1", [email])
    const admin = actorOf(SignedIn.parse(await gateway.call(methods.login, { email, password: PASSWORD })))
    const { id: userId } = await gateway.call(methods.createServiceAccount, { displayName: 'Ingest' }, admin)
    const make = (actor: Actor, password?: string) =>
      gateway.call(methods.createServiceAccountKey, { userId, ...READ, ...(password && { password }) }, actor)
    clock.pass(16 * 60)
    await expect(make(admin)).rejects.toMatchObject({ code: 'REAUTHENTICATION_REQUIRED' })
    await expect(make(admin, 'not the password')).rejects.toMatchObject({ code: 'PASSWORD_WRONG' })
    const { id: keyId } = await make(admin, PASSWORD)
    expect((await smtp.mailTo(email)).text).toContain('for a service account')
    const byKey: Actor = {
      ...{ kind: 'user', userId: admin.userId, apiKeyId: keyId, role: 'admin' },
      project: { id: admin.userId, role: 'owner' },
    }
    await expect(make(byKey, PASSWORD)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })
})

describe('API keys are revoked together with', () => {
  const ways: Record<string, (account: Account, option: { revokeApiKeys?: boolean }) => Promise<unknown>> = {
    'a change of the password': ({ actor }, option) =>
      gateway.call(methods.changePassword, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, ...option }, actor),
    'a reset of the password': async ({ email }, option) => {
      await gateway.call(methods.forgotPassword, { email })
      const token = (await smtp.mailTo(email, 2)).token()
      await gateway.call(methods.resetPassword, { token, password: NEW_PASSWORD, ...option })
    },
    'signing out everywhere': ({ actor }, option) => gateway.call(methods.logoutAll, option, actor),
    'the end of all sessions by an administrator': async ({ actor }, option) => {
      const { email } = await gateway.signUp()
      await query("update users set role = 'admin' where email = $1", [email])
      const admin = (await gateway.signIn(email)).actor
      await gateway.call(methods.revokeUserSessions, { userId: actor.userId, ...option }, admin)
    },
  }

  it.each(Object.entries(ways))('%s where that is asked for, and not otherwise', async (_name, end) => {
    for (const option of [{}, { revokeApiKeys: true }]) {
      const account = await gateway.signUp()
      await query('update users set email_verified_at = now() where email = $1', [account.email])
      const { key } = await create(account)
      await smtp.mailTo(account.email)
      await end(account, option)
      expect(await stateOf(key)).toBe(option.revokeApiKeys ? 'API_KEY_REVOKED' : 'good')
    }
  })
})
