import { auth as methods } from '@kinora/common/contracts'
import { startSmtp } from '@kinora/dev/harness'
import { afterAll, describe, expect, it } from 'vitest'
import { createClock, signUpWithApp } from './support/authenticator-app.ts'
import { type Account, PASSWORD } from './support/gateway.ts'
import { createSoftwareAuthenticator, type SoftwareAuthenticator } from './support/software-authenticator.ts'
import { useAuth } from './support/use-auth.ts'

const clock = createClock()
const smtp = await startSmtp()
const { gateway, query } = await useAuth({ config: { SMTP_URL: smtp.url, EMAIL_VERIFICATION: 'off' }, now: clock.now })
afterAll(() => smtp.stop())

const NEW_PASSWORD = 'another harbour at dusk'

async function addPasskey({ actor }: Account): Promise<SoftwareAuthenticator> {
  const device = createSoftwareAuthenticator()
  const { challengeToken, options } = await gateway.call(methods.beginPasskey, {}, actor)
  await gateway.call(methods.addPasskey, { challengeToken, response: device.create(options.challenge) }, actor)
  return device
}

async function stateOf(device: SoftwareAuthenticator, userId: string): Promise<string> {
  const { challengeToken, options } = await gateway.call(methods.beginPasskeyLogin, {})
  const response = device.get(options.challenge, userId)
  return await gateway.call(methods.loginWithPasskey, { challengeToken, response }).then(
    () => 'good',
    ({ code }: { code: string }) => code,
  )
}

describe('passkeys are removed together with', () => {
  const ways: Record<string, (account: Account, option: { removePasskeys?: boolean }) => Promise<unknown>> = {
    'a change of the password': ({ actor }, option) =>
      gateway.call(methods.changePassword, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, ...option }, actor),
    'a reset of the password': async ({ email }, option) => {
      await gateway.call(methods.forgotPassword, { email })
      const token = (await smtp.mailTo(email, 2)).token()
      await gateway.call(methods.resetPassword, { token, password: NEW_PASSWORD, ...option })
    },
  }

  it.each(Object.entries(ways))('%s where that is asked for, and not otherwise', async (_name, end) => {
    for (const option of [{}, { removePasskeys: true }]) {
      const account = await gateway.signUp()
      await query('update users set email_verified_at = now() where email = $1', [account.email])
      const device = await addPasskey(account)
      await smtp.mailTo(account.email)
      await end(account, option)
      expect(await stateOf(device, account.actor.userId)).toBe(option.removePasskeys ? 'PASSKEY_INVALID' : 'good')
    }
  })
})

describe('the owner is mailed', () => {
  it('of a new passkey', async () => {
    const account = await gateway.signUp()
    await addPasskey(account)
    const mail = await smtp.mailTo(account.email)
    expect(mail.subject).toBe('A passkey was added')
    expect(mail.text).toContain('from the address 203.0.113.7')
  })

  it('of an authenticator app that is set up, of new recovery codes, and of its removal', async () => {
    const { email, actor, nextCode } = await signUpWithApp(gateway, clock)
    expect((await smtp.mailTo(email, 1)).subject).toBe('An authenticator app was set up')
    await gateway.call(methods.renewRecoveryCodes, { password: PASSWORD, code: nextCode() }, actor)
    expect((await smtp.mailTo(email, 2)).subject).toBe('You have new recovery codes')
    await gateway.call(methods.disableTotp, { password: PASSWORD, code: nextCode() }, actor)
    expect((await smtp.mailTo(email, 3)).subject).toBe('Your authenticator app was removed')
  })
})
