import { randomUUID } from 'node:crypto'
import { auth as methods, SignedIn } from '@kinora/common/contracts'
import { startSmtp } from '@kinora/dev/harness'
import { afterAll, describe, expect, it } from 'vitest'
import { actorOf, PASSWORD } from './support/gateway.ts'
import { createSoftwareAuthenticator } from './support/software-authenticator.ts'
import { useAuth } from './support/use-auth.ts'

const smtp = await startSmtp()
const { gateway, query } = await useAuth({ config: { SMTP_URL: smtp.url } })
afterAll(() => smtp.stop())

const NEW_PASSWORD = 'another harbour at dusk'
const newEmail = () => `${randomUUID()}@kinora.test`
const register = (email: string, password = PASSWORD) => gateway.call(methods.register, { email, password })
const login = async (email: string, password = PASSWORD) =>
  SignedIn.parse(await gateway.call(methods.login, { email, password }))
const verify = (token: string) => gateway.call(methods.verifyEmail, { token })

describe('an account whose address is not confirmed', () => {
  it('is not a stranger’s who registered the address first, whatever mails its owner follows', async () => {
    const email = newEmail()
    await register(email, 'the words of a stranger')
    const first = await smtp.mailTo(email)
    await register(email)
    const second = await smtp.mailTo(email, 2)
    expect(second.subject).toBe('Set a new password')
    await expect(verify(first.token())).rejects.toMatchObject({ code: 'MAIL_TOKEN_INVALID' })
    await gateway.call(methods.resendVerification, { email })
    await verify((await smtp.mailTo(email, 3)).token())
    for (const password of ['the words of a stranger', PASSWORD]) {
      await expect(login(email, password)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    }
    await gateway.call(methods.resetPassword, { token: second.token(), password: NEW_PASSWORD })
    expect((await login(email, NEW_PASSWORD)).user.emailVerified).toBe(true)
  })

  it('is not signed in to with a passkey either', async () => {
    const email = newEmail()
    await register(email)
    await verify((await smtp.mailTo(email)).token())
    const actor = actorOf(await login(email))
    const device = createSoftwareAuthenticator()
    const begun = await gateway.call(methods.beginPasskey, {}, actor)
    const created = device.create(begun.options.challenge)
    await gateway.call(methods.addPasskey, { challengeToken: begun.challengeToken, response: created }, actor)
    await query('update users set email_verified_at = null where email = $1', [email])
    const { challengeToken, options } = await gateway.call(methods.beginPasskeyLogin, {})
    const response = device.get(options.challenge, actor.userId)
    const attempt = gateway.call(methods.loginWithPasskey, { challengeToken, response })
    await expect(attempt).rejects.toMatchObject({ code: 'EMAIL_NOT_VERIFIED' })
  })
})
