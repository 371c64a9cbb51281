import { auth as methods, SignedIn } from '@kinora/common/contracts'
import { startSmtp } from '@kinora/dev/harness'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { AuthConfig } from '../src/config.ts'
import { createClock } from './support/authenticator-app.ts'
import { PASSWORD } from './support/gateway.ts'
import { startTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const clock = createClock()
const smtp = await startSmtp()
afterAll(() => smtp.stop())
const { world, auth, gateway, query } = await useAuth({ now: clock.now })
const first = await gateway.signUp()
await query("update users set role = 'admin' where id = $1", [first.actor.userId])
const admin = (await gateway.signIn(first.email)).actor
await auth.life.close()

const newEmail = () => `${crypto.randomUUID()}@kinora.test`
const register = (email: string, invite?: string) =>
  gateway.call(methods.register, { email, password: PASSWORD, ...(invite && { invite }) })
/** With the token, for the administrator to pass on. */
const inviteOf = async (email: string) => {
  const invite = await gateway.call(methods.createInvite, { email }, admin)
  return { ...invite, token: invite.token ?? '', url: invite.url ?? '' }
}
const mailInvite = async (email: string) => await gateway.call(methods.createInvite, { email, mail: true }, admin)

/** One auth with this setting, for one test. */
async function withRegistration(
  REGISTRATION: AuthConfig['REGISTRATION'],
  more: Partial<AuthConfig> = {},
): Promise<void> {
  const started = await startTestAuth(world, { config: { REGISTRATION, ...more }, now: clock.now })
  onTestFinished(() => started.life.close())
}

describe('registration', () => {
  it('that is closed is refused to all, and those who have accounts sign in', async () => {
    await withRegistration('closed')
    const { token } = await inviteOf(newEmail())
    await expect(register(newEmail())).rejects.toMatchObject({ code: 'REGISTRATION_CLOSED' })
    await expect(register(newEmail(), token)).rejects.toMatchObject({ code: 'REGISTRATION_CLOSED' })
    await expect(gateway.signIn(first.email)).resolves.toBeDefined()
  })

  it('by invitation takes the invited address, once', async () => {
    await withRegistration('invite')
    const email = newEmail()
    const { token, url } = await inviteOf(email.toUpperCase())
    expect(new URL(url).pathname).toBe('/account/register')
    expect(Object.fromEntries(new URLSearchParams(new URL(url).hash.slice(1)))).toEqual({ token, email })
    await expect(register(newEmail())).rejects.toMatchObject({ code: 'INVITE_INVALID' })
    await expect(register(newEmail(), token)).rejects.toMatchObject({ code: 'INVITE_INVALID' })
    await expect(register(email, 'guessed')).rejects.toMatchObject({ code: 'INVITE_INVALID' })
    const outcomes = await Promise.allSettled([register(email, token), register(email, token)])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await query('delete from users where email = $1', [email])
    await expect(register(email, token)).rejects.toMatchObject({ code: 'INVITE_INVALID' })
  })

  it('by invitation uses it up also where addresses are verified', async () => {
    await withRegistration('invite', { EMAIL_VERIFICATION: 'required' })
    const email = newEmail()
    const { token } = await inviteOf(email)
    expect(await register(email, token)).toEqual({ status: 'verification_required' })
    await expect(register(email, token)).rejects.toMatchObject({ code: 'INVITE_INVALID' })
  })

  it('that is open needs no invitation', async () => {
    await withRegistration('open')
    expect(SignedIn.parse(await register(newEmail()))).toBeDefined()
  })
})

describe('an invitation', () => {
  it('ends after seven days, when it is withdrawn, and when there is a newer one', async () => {
    await withRegistration('invite')
    const [late, withdrawn, replaced] = [newEmail(), newEmail(), newEmail()]
    const old = await inviteOf(replaced)
    const newer = await inviteOf(replaced)
    const gone = await inviteOf(withdrawn)
    await gateway.call(methods.deleteInvite, { inviteId: gone.id }, admin)
    await expect(gateway.call(methods.deleteInvite, { inviteId: gone.id }, admin)).rejects.toMatchObject({
      code: 'INVITE_NOT_FOUND',
    })
    await expect(register(withdrawn, gone.token)).rejects.toMatchObject({ code: 'INVITE_INVALID' })
    await expect(register(replaced, old.token)).rejects.toMatchObject({ code: 'INVITE_INVALID' })
    await expect(register(replaced, newer.token)).resolves.toBeDefined()
    const { token } = await inviteOf(late)
    const { items } = await gateway.call(methods.listInvites, {}, admin)
    expect(items.map(({ email }) => email)).toContain(late)
    expect(JSON.stringify(items)).not.toContain(token)
    clock.pass(7 * 86_400 + 1)
    await expect(register(late, token)).rejects.toMatchObject({ code: 'INVITE_INVALID' })
  })

  it('is made by administrators alone, and for nobody who has an account', async () => {
    await withRegistration('open')
    const { email, actor } = await gateway.signUp()
    await expect(gateway.call(methods.createInvite, { email: newEmail() }, actor)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    await expect(inviteOf(email)).rejects.toMatchObject({ code: 'EMAIL_TAKEN' })
  })

  it('that is mailed is known to the mailbox alone, and proves the address', async () => {
    await withRegistration('invite', { SMTP_URL: smtp.url })
    const email = newEmail()
    const invite = await mailInvite(email)
    expect(invite).toMatchObject({ email, mailed: true, token: null, url: null })
    const mail = await smtp.mailTo(email)
    expect(mail.subject).toBe('You are invited')
    const token = mail.token()
    await expect(register(newEmail(), token)).rejects.toMatchObject({ code: 'INVITE_INVALID' })
    const signedIn = SignedIn.parse(await register(email, token))
    expect(signedIn.user.emailVerified).toBe(true)
    await query('delete from users where email = $1', [email])
    await expect(register(email, token)).rejects.toMatchObject({ code: 'INVITE_INVALID' })
  })

  it('that was passed on proves no address', async () => {
    await withRegistration('invite', { SMTP_URL: smtp.url })
    const email = newEmail()
    const { token } = await inviteOf(email)
    expect(await register(email, token)).toEqual({ status: 'verification_required' })
  })

  it('that is mailed ends with a newer one, which is not mailed', async () => {
    await withRegistration('invite', { SMTP_URL: smtp.url })
    const email = newEmail()
    await mailInvite(email)
    const mailed = (await smtp.mailTo(email)).token()
    const { token } = await inviteOf(email)
    await expect(register(email, mailed)).rejects.toMatchObject({ code: 'INVITE_INVALID' })
    expect(await register(email, token)).toEqual({ status: 'verification_required' })
  })

  it('that is withdrawn before its mail was sent is not sent', async () => {
    const { id } = await withoutMailServer(async () => await mailInvite(newEmail()))
    expect(await query('select 1 from mail_queue where invite_id = $1', [id])).toHaveLength(1)
    await withRegistration('invite')
    await gateway.call(methods.deleteInvite, { inviteId: id }, admin)
    expect(await query('select 1 from mail_queue where invite_id = $1', [id])).toEqual([])
  })
})

/** Nobody listens there, so mails stay in the queue. */
async function withoutMailServer<T>(body: () => Promise<T>): Promise<T> {
  const config = { REGISTRATION: 'invite', SMTP_URL: 'smtp://127.0.0.1:9', MAIL_RETRY_MS: 3_600_000 } as const
  const started = await startTestAuth(world, { config, now: clock.now })
  try {
    return await body()
  } finally {
    await started.life.close()
  }
}
