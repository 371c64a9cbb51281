import { randomUUID } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { auth as methods, SignedIn } from '@kinora/common/contracts'
import { createTestEnvironment, parseMail, startSmtp, until } from '@kinora/dev/harness'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Account, actorOf, connectGateway, PASSWORD } from './support/gateway.ts'
import { startTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const clock = { ahead: 0 }
const smtp = await startSmtp()
const { world, auth, gateway, query } = await useAuth({
  config: { SMTP_URL: smtp.url },
  now: () => new Date(Date.now() + clock.ahead),
})
afterAll(() => smtp.stop())

const NEW_PASSWORD = 'another harbour at dusk'
const newEmail = () => `${randomUUID()}@kinora.test`
const register = (email: string, password = PASSWORD) => gateway.call(methods.register, { email, password })
const login = async (email: string, password = PASSWORD) =>
  SignedIn.parse(await gateway.call(methods.login, { email, password }))
const verify = (token: string) => gateway.call(methods.verifyEmail, { token })
const forgot = (email: string) => gateway.call(methods.forgotPassword, { email })
const reset = (token: string, password = NEW_PASSWORD) => gateway.call(methods.resetPassword, { token, password })
const queued = async () => Number((await query<{ n: string }>('select count(*) n from mail_queue'))[0]?.n)
const attempts = async () => (await query<{ attempts: number }>('select attempts from mail_queue'))[0]?.attempts ?? 0

/** An account whose address is confirmed; one mail was sent to it. */
async function verified(email = newEmail()): Promise<Account> {
  await register(email)
  await verify((await smtp.mailTo(email)).token())
  const signedIn = await login(email)
  return { email, signedIn, actor: actorOf(signedIn) }
}

async function auditOf(email: string) {
  const rows = await query<{ action: string; outcome: string }>(
    'select a.action, a.outcome from audit_log a join users u on u.id = a.user_id where u.email = $1 order by sequence',
    [email],
  )
  return rows.map(({ action, outcome }) => `${action} ${outcome}`)
}

describe('where addresses are verified', () => {
  it('an account can be used once its address is confirmed, which works once', async () => {
    const email = newEmail()
    expect(await register(email)).toEqual({ status: 'verification_required' })
    const mail = await smtp.mailTo(email)
    expect(mail.subject).toBe('Confirm your e-mail address')
    await expect(login(email, 'not the password')).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    await expect(login(email)).rejects.toMatchObject({ code: 'EMAIL_NOT_VERIFIED' })

    const both = await Promise.allSettled([verify(mail.token()), verify(mail.token())])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    await expect(verify(mail.token())).rejects.toMatchObject({ code: 'MAIL_TOKEN_INVALID' })
    expect((await login(email)).user.emailVerified).toBe(true)
    const expected = ['register success', 'login failure', 'login failure', 'email_verify success', 'login success']
    expect(await auditOf(email)).toEqual(expected)
  })

  it('registering a known address gets the same answer, at the same price; only its owner is told', async () => {
    const { email } = await verified()
    const cost = async (address: string) => {
      const count = async () => [
        await auth.metric('kinora_auth_password_hashes_total'),
        Number((await query<{ n: string }>('select count(*) n from audit_log'))[0]?.n),
      ]
      const before = await count()
      const answer = await register(address, 'a third harbour at noon')
      return { answer, cost: (await count()).map((n, index) => n - (before[index] ?? 0)) }
    }
    const [known, unknown] = [await cost(email), await cost(newEmail())]
    expect(JSON.stringify(known)).toBe(JSON.stringify(unknown))
    expect((await smtp.mailTo(email, 2)).subject).toBe('You already have an account')
    await expect(login(email, 'a third harbour at noon')).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
  })

  it('of many registrations at once one makes the account, and all get the same answer', async () => {
    const email = newEmail()
    const answers = await Promise.all(Array.from({ length: 5 }, () => register(email)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await query('select 1 from users where email = $1', [email])).toHaveLength(1)
  })

  it('the link can be had again; only the newest is good', async () => {
    const email = newEmail()
    await register(email)
    const first = await smtp.mailTo(email)
    await gateway.call(methods.resendVerification, { email: email.toUpperCase() })
    const second = await smtp.mailTo(email, 2)
    await expect(verify(first.token())).rejects.toMatchObject({ code: 'MAIL_TOKEN_INVALID' })
    await verify(second.token())
  })

  it('asking again for a confirmed or an unknown address is answered alike, and mails nobody', async () => {
    const { email } = await verified()
    const [known, unknown] = [email, newEmail()]
    const sent = smtp.mails.length
    const answers = [known, unknown].map((address) => gateway.call(methods.resendVerification, { email: address }))
    expect(await Promise.all(answers)).toEqual([{}, {}])
    await until(async () => (await queued()) === 0)
    expect(smtp.mails).toHaveLength(sent)
  })

  it('a link is too old after a day', async () => {
    const email = newEmail()
    await register(email)
    const mail = await smtp.mailTo(email)
    clock.ahead = 24 * 3600 * 1000 + 1000
    await expect(
      verify(mail.token()).finally(() => {
        clock.ahead = 0
      }),
    ).rejects.toMatchObject({ code: 'MAIL_TOKEN_INVALID' })
  })
})

describe('a forgotten password', () => {
  it('is reset by a mailed link, which ends every session, begins none and tells the owner', async () => {
    const account = await verified()
    const { email } = account
    expect(await forgot(email)).toEqual({})
    const mail = await smtp.mailTo(email, 2)
    expect(await reset(mail.token())).toEqual({})
    const old = gateway.call(methods.refresh, { refreshToken: account.signedIn.refreshToken })
    await expect(old).rejects.toMatchObject({ code: 'PASSWORD_CHANGED' })
    const [revocation] = await query('select reason from revocations where $1 = any(session_ids)', [
      account.actor.sessionId,
    ])
    expect(revocation).toEqual({ reason: 'password_reset' })
    await expect(login(email)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    await expect(login(email, NEW_PASSWORD)).resolves.toBeDefined()
    expect((await smtp.mailTo(email, 3)).subject).toBe('You have a new password')
    expect((await auditOf(email)).slice(3)).toEqual([
      'password_forgot success',
      'password_reset success',
      'refresh failure',
      'login failure',
      'login success',
    ])
  })

  it('is set by one of many that use the link at once', async () => {
    const { email } = await verified()
    await forgot(email)
    const token = (await smtp.mailTo(email, 2)).token()
    const outcomes = await Promise.allSettled([0, 1, 2].map((n) => reset(token, `${NEW_PASSWORD} ${n}`)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
    await expect(login(email, `${NEW_PASSWORD} ${winner}`)).resolves.toBeDefined()
  })

  it('confirms the address besides', async () => {
    const email = newEmail()
    await register(email)
    await smtp.mailTo(email)
    await forgot(email)
    await reset((await smtp.mailTo(email, 2)).token())
    expect((await login(email, NEW_PASSWORD)).user.emailVerified).toBe(true)
  })

  it('keeps the link good when the new password is refused, for half an hour, until there is a newer one', async () => {
    const { email } = await verified()
    await forgot(email)
    const first = (await smtp.mailTo(email, 2)).token()
    await expect(reset(first, 'Password123')).rejects.toMatchObject({ code: 'PASSWORD_UNACCEPTABLE' })
    await forgot(email)
    const second = (await smtp.mailTo(email, 3)).token()
    await expect(reset(first)).rejects.toMatchObject({ code: 'MAIL_TOKEN_INVALID' })
    clock.ahead = 30 * 60 * 1000 + 1000
    await expect(reset(second)).rejects.toMatchObject({ code: 'MAIL_TOKEN_INVALID' })
    clock.ahead = 0
    await reset(second)
  })

  it('is not set by a link from before the password was changed', async () => {
    const { email, actor } = await verified()
    await forgot(email)
    const token = (await smtp.mailTo(email, 2)).token()
    await gateway.call(methods.changePassword, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, actor)
    await expect(reset(token)).rejects.toMatchObject({ code: 'MAIL_TOKEN_INVALID' })
    const notice = await smtp.mailTo(email, 3)
    expect(notice.subject).toBe('Your password was changed')
    expect(notice.text).toContain('from the address 203.0.113.7')
  })

  it('of an unknown address gets the same answer and leaves the same rows', async () => {
    const { email } = await verified()
    const rows = async (address: string) => {
      const [before] = await query<{ n: string }>('select count(*) n from audit_log')
      const answer = await forgot(address)
      const [after] = await query<{ n: string }>('select count(*) n from audit_log')
      return { answer, audited: Number(after?.n) - Number(before?.n) }
    }
    expect(await rows(newEmail())).toEqual(await rows(email))
    await until(async () => (await queued()) === 0)
  })
})

describe('a mail', () => {
  it('waits for an SMTP server that is down, delays no answer, and has a fresh token when it goes', async () => {
    const { email } = await verified()
    await smtp.stop()
    expect(await forgot(email)).toEqual({})
    await until(async () => (await attempts()) >= 1)
    clock.ahead = 3600 * 1000
    // An attempt that had begun before must have failed; otherwise its token would be too old.
    const begun = await attempts()
    await until(async () => (await attempts()) > begun)
    await smtp.start()
    await reset((await smtp.mailTo(email, 2)).token())
    clock.ahead = 0
    expect(await auth.metric('kinora_auth_mails_total', { outcome: 'failed' })).toBeGreaterThan(0)
  })

  it('is given up after a day, with a line in the log and in the audit log', async () => {
    const { email } = await verified()
    await smtp.stop()
    await forgot(email)
    await until(async () => (await attempts()) >= 1)
    clock.ahead = 25 * 3600 * 1000
    await until(async () => (await queued()) === 0)
    clock.ahead = 0
    await smtp.start()
    expect(await auditOf(email)).toContain('mail_give_up failure')
    expect(auth.logLines.join('')).toContain('a mail was given up')
    expect(await auth.metric('kinora_auth_mails_total', { outcome: 'given_up' })).toBe(1)
  })

  it('is given up at once where the server knows no such mailbox', async () => {
    const { email } = await verified()
    smtp.refuseWith = 550
    await forgot(email)
    await until(async () => (await auditOf(email)).includes('mail_give_up failure'))
    smtp.refuseWith = null
    expect(await queued()).toBe(0)
  })

  it('holds its owner’s words as words, and a stranger’s not at all', async () => {
    const email = newEmail()
    const displayName = '<b>Ann</b> & "Bob"'
    await gateway.call(methods.register, { email, password: PASSWORD, displayName })
    const first = await smtp.mailTo(email)
    expect(first.text + first.html).not.toContain('Ann')
    await verify(first.token())
    await forgot(email)
    const second = await smtp.mailTo(email, 2)
    expect(second.text).toContain(`Hello ${displayName},`)
    expect(second.html).toContain('Hello &lt;b&gt;Ann&lt;/b&gt; &amp; &quot;Bob&quot;,')
    expect(second.html).not.toContain('<b>Ann')
    expect(second.headers).toMatch(/^Auto-Submitted: auto-generated$/m)
    expect(second.text).toContain('https://kinora.test/account/reset-password#token=')
  })

  it('leaves no token and no address in the log or, while it waits, in the database', async () => {
    const { email } = await verified()
    await smtp.stop()
    await forgot(email)
    await until(async () => (await attempts()) >= 1)
    const rows = JSON.stringify(await query('select * from mail_queue'))
    await smtp.start()
    const token = (await smtp.mailTo(email, 2)).token()
    expect(rows).not.toContain(email)
    const stored = JSON.stringify(await query("select encode(token_hash, 'escape') from mail_tokens"))
    expect(stored).not.toContain(token)
    expect(auth.logLines.join('')).not.toContain(token)
    expect(auth.logLines.join('')).not.toContain(email)
    expect(auth.logLines.join('')).not.toContain('somebody@example.com')
  })
})

describe('without an SMTP server', () => {
  it('mails become files that only the service can read, and addresses need not be confirmed', async () => {
    const fresh = await createTestEnvironment(world.backing)
    const local = await startTestAuth(fresh)
    const client = await connectGateway(fresh)
    onTestFinished(async () => {
      await client.bus.drain()
      await local.life.close()
      await fresh.remove()
    })
    const { email } = await client.signUp()
    await client.call(methods.forgotPassword, { email })
    const folder = join(fresh.storageDir, 'mailbox')
    const name = await until(async () => (await readdir(folder).catch(() => [])).find((it) => it.endsWith('.eml')))
    const path = join(folder, name)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    const mail = parseMail(email, await readFile(path, 'utf8'))
    expect(mail.headers).toContain(`To: ${email}`)
    await client.call(methods.resetPassword, { token: mail.token(), password: NEW_PASSWORD })
    expect(local.logLines.join('')).toContain(path)
    expect(local.logLines.join('')).not.toContain(mail.token())
    expect(local.logLines.join('')).not.toContain(email)
  })
})
