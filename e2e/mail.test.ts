import { findChromium, startSmtp, until, useSystem } from '@kinora/dev/harness'
import { chromium } from 'playwright-core'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import type { Tokens, User } from './support/api-types.ts'
import { createClient } from './support/client.ts'
import { GENEROUS } from './support/settings.ts'

const smtp = await startSmtp()
afterAll(() => smtp.stop())
const system = await useSystem({ workers: 0, env: { ...GENEROUS, SMTP_URL: smtp.url } })
const visitor = createClient(system.gatewayUrl)

test('somebody confirms an address, forgets the password and sets another, all by mail', async () => {
  const email = 'ann@example.com'
  const json = { email, password: 'a quiet harbour at dawn' }
  const login = (password: string) => visitor.call<Tokens>('POST', '/v1/auth/login', { email, password })

  const registered = await visitor.send('POST', '/v1/auth/register', { json })
  expect([registered.status, registered.body]).toEqual([202, { status: 'verification_required' }])
  const early = await visitor.refusal('POST', '/v1/auth/login', { json })
  expect([early.status, early.body.code]).toEqual([403, 'EMAIL_NOT_VERIFIED'])
  const welcome = await smtp.mailTo(email)
  expect(welcome.text).toContain(`${system.gatewayUrl}/account/verify-email#token=`)
  expect((await fetch(`${system.gatewayUrl}/account/verify-email`)).status).toBe(200)
  const confirmed = await visitor.send('POST', '/v1/auth/email/verify', { json: { token: welcome.token() } })
  expect(confirmed.status).toBe(204)
  const client = visitor.as((await login(json.password)).accessToken)
  expect(await client.call<User>('GET', '/v1/auth/me')).toMatchObject({ email, emailVerified: true })

  const again = await visitor.send('POST', '/v1/auth/register', { json: { ...json, password: 'not my own harbour' } })
  expect([again.status, again.body]).toEqual([registered.status, registered.body])
  expect((await smtp.mailTo(email, 2)).subject).toBe('You already have an account')

  const forgotten = await visitor.send('POST', '/v1/auth/password/forgot', { json: { email } })
  const unknown = await visitor.send('POST', '/v1/auth/password/forgot', { json: { email: 'nobody@example.com' } })
  expect([unknown.status, unknown.body]).toEqual([forgotten.status, forgotten.body])
  const names = ({ headers }: { headers: Headers }) => [...headers.keys()]
  expect(names(unknown)).toEqual(names(forgotten))
  const token = (await smtp.mailTo(email, 3)).token()
  const reset = { json: { token, password: 'another harbour at dusk' } }
  expect((await visitor.send('POST', '/v1/auth/password/reset', reset)).status).toBe(204)
  const refused = await until(async () => {
    const answer = await client.send('GET', '/v1/auth/me')
    return answer.status === 401 && (answer.body as { code: string }).code
  })
  expect(refused).toBe('PASSWORD_CHANGED')
  expect((await visitor.refusal('POST', '/v1/auth/password/reset', reset)).body.code).toBe('MAIL_TOKEN_INVALID')
  await login('another harbour at dusk')
  expect((await smtp.mailTo(email, 4)).subject).toBe('You have a new password')
})

test('the links in mails lead to pages that do all of it, under a strict policy', async () => {
  const executablePath = await findChromium((line) => void process.stderr.write(`${line}\n`))
  const browser = await chromium.launch({ executablePath })
  onTestFinished(() => browser.close())
  const tab = await browser.newPage()
  const problems: string[] = []
  tab.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  const linkIn = ({ text }: { text: string }) => /http\S+#token=\S+/.exec(text)?.[0] ?? ''
  const outcome = async (begin: string) => {
    const status = tab.getByRole('status').filter({ hasText: begin })
    await status.waitFor()
    expect(tab.url()).not.toContain('#')
  }

  const email = 'bob@example.com'
  await visitor.call('POST', '/v1/auth/register', { email, password: 'a quiet harbour at dawn' })
  await tab.goto(linkIn(await smtp.mailTo(email)))
  await tab.getByRole('button', { name: 'Confirm address' }).click()
  await outcome('Your address is confirmed')

  await visitor.call('POST', '/v1/auth/password/forgot', { email })
  await tab.goto(linkIn(await smtp.mailTo(email, 2)))
  expect(problems).toEqual([])
  await tab.getByLabel('New password').fill('Summer2031!')
  await tab.getByRole('button', { name: 'Set password' }).click()
  await tab.getByRole('status').filter({ hasText: 'most common' }).waitFor()
  await tab.getByLabel('New password').fill('another harbour at dusk')
  await tab.getByRole('button', { name: 'Set password' }).click()
  await outcome('Your password is set')
  const credentials = { email, password: 'another harbour at dusk' }
  const bob = visitor.as((await visitor.call<Tokens>('POST', '/v1/auth/login', credentials)).accessToken)

  const colleague = { email: 'cleo@example.com', password: 'a quiet harbour at noon' }
  await visitor.call('POST', '/v1/auth/register', colleague)
  await visitor.call('POST', '/v1/auth/email/verify', { token: (await smtp.mailTo(colleague.email)).token() })
  const project = await bob.call<{ id: string }>('POST', '/v1/projects', { name: 'Films' })
  const invitations = `/v1/projects/${project.id}/invitations`
  await bob.call('POST', invitations, { email: colleague.email, role: 'editor' })
  await tab.goto(linkIn(await smtp.mailTo(colleague.email, 2)))
  await tab.getByLabel('Password', { exact: true }).fill(colleague.password)
  await tab.getByRole('button', { name: 'Accept' }).click()
  await outcome('You are a member of the project')
  const { items } = await bob.call<{ items: object[] }>('GET', `/v1/projects/${project.id}/members`)
  expect(items).toMatchObject([
    { email: colleague.email, role: 'editor' },
    { email, role: 'owner' },
  ])

  await tab.goto(`${system.gatewayUrl}/account/verify-email`)
  await tab.getByRole('status').filter({ hasText: 'This link is incomplete' }).waitFor()
})
