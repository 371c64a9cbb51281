import { randomUUID } from 'node:crypto'
import { digestOfApiKey } from '@kinora/common/api-key'
import { connectBus } from '@kinora/common/bus'
import { events, auth as methods, SignedIn } from '@kinora/common/contracts'
import { startSmtp, until } from '@kinora/dev/harness'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { codeAt } from './support/authenticator-app.ts'
import { actorOf, GATEWAY, PASSWORD } from './support/gateway.ts'
import { createSoftwareAuthenticator } from './support/software-authenticator.ts'
import { useAuth } from './support/use-auth.ts'

const smtp = await startSmtp()
const { world, gateway, query } = await useAuth({ config: { SMTP_URL: smtp.url } })
afterAll(() => smtp.stop())

/** Accounts of which media has heard that they were claimed. */
const claimed: string[] = []
const media = await connectBus({ url: world.amqpUrl('media'), service: 'media', logger: pino({ level: 'silent' }) })
world.use(media, 'media', (it) => it.drain())
await media.subscribe({
  group: 'media',
  events: [events['auth.account-claimed']],
  handle: async ({ data }) => void claimed.push((data as { userId: string }).userId),
})

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

  it.each([
    ['a link to reset the password', 'forgotPassword' as const],
    ['a confirmation link', 'resendVerification' as const],
  ])('keeps nothing of a stranger who registered it once its owner uses %s', async (_what, method) => {
    const stranger = await planted()
    const { email, actor, key } = stranger
    const mails = smtp.mails.filter(({ to }) => to === email).length
    await gateway.call(methods[method], { email })
    const token = (await smtp.mailTo(email, mails + 1)).token()
    if (method === 'forgotPassword') await gateway.call(methods.resetPassword, { token, password: NEW_PASSWORD })
    else await verify(token)

    const { userId } = actor
    const refusal = { code: method === 'forgotPassword' ? 'PASSWORD_CHANGED' : 'SESSION_REVOKED' }
    await expect(gateway.call(methods.refresh, { refreshToken: stranger.refreshToken })).rejects.toMatchObject(refusal)
    const resolved = gateway.call(methods.resolveApiKey, { digest: digestOfApiKey(key) }, GATEWAY)
    await expect(resolved).rejects.toMatchObject({ code: 'API_KEY_REVOKED' })
    for (const table of ['passkeys', 'totp_factors', 'recovery_codes', 'mail_tokens']) {
      expect(await query(`select 1 from ${table} where user_id = $1`, [userId])).toEqual([])
    }
    expect(
      await query('select email_verified_at is not null v, mfa_enabled_at m from users where id = $1', [userId]),
    ).toEqual([{ v: true, m: null }])
    await until(() => claimed.includes(userId))
    // A late request of the stranger, which a gateway admitted before it knew of the end of the session.
    const late = [
      gateway.call(methods.createApiKey, { name: 'late', scopes: ['videos:read'], password: PASSWORD }, actor),
      gateway.call(methods.setUpTotp, { password: PASSWORD }, actor),
    ]
    for (const outcome of await Promise.allSettled(late)) expect(outcome.status).toBe('rejected')
  })

  it('keeps what its owner adds after the first proof', async () => {
    const email = newEmail()
    await register(email)
    await verify((await smtp.mailTo(email)).token())
    const { actor, refreshToken } = await signedIn(email)
    const { key } = await gateway.call(methods.createApiKey, { name: 'mine', scopes: ['videos:read'] }, actor)
    await gateway.call(methods.forgotPassword, { email })
    const reset = await until(() =>
      smtp.mails.find((mail) => mail.to === email && mail.subject === 'Set a new password'),
    )
    await gateway.call(methods.resetPassword, { token: reset.token(), password: NEW_PASSWORD })
    await expect(gateway.call(methods.refresh, { refreshToken })).rejects.toMatchObject({ code: 'PASSWORD_CHANGED' })
    expect(await gateway.call(methods.resolveApiKey, { digest: digestOfApiKey(key) }, GATEWAY)).toBeDefined()
  })
})

async function signedIn(email: string) {
  const tokens = await login(email)
  return { refreshToken: tokens.refreshToken, actor: actorOf(tokens) }
}

/** An account that was used before its address was proved, as where addresses need no confirmation, with every lasting way in. */
async function planted() {
  const email = newEmail()
  await register(email)
  await verify((await smtp.mailTo(email)).token())
  const { actor, refreshToken } = await signedIn(email)
  const begun = await gateway.call(methods.beginPasskey, {}, actor)
  const response = createSoftwareAuthenticator().create(begun.options.challenge)
  await gateway.call(methods.addPasskey, { challengeToken: begun.challengeToken, response }, actor)
  const { secret } = await gateway.call(methods.setUpTotp, {}, actor)
  await gateway.call(methods.enableTotp, { code: codeAt(secret, new Date()) }, actor)
  const { key } = await gateway.call(methods.createApiKey, { name: 'planted', scopes: ['videos:read'] }, actor)
  await until(() => smtp.mails.some(({ to, subject }) => to === email && subject === 'A new API key was created'))
  await query('update users set email_verified_at = null where email = $1', [email])
  return { email, actor, refreshToken, key }
}
