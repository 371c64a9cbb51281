import { findChromium, useSystem } from '@kinora/dev/harness'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { type Person, register } from './support/accounts.ts'
import type { Session, User } from './support/api-types.ts'
import { servePage } from './support/browser/page-server.ts'
import { createClient } from './support/client.ts'
import { GENEROUS } from './support/settings.ts'

const executablePath = await findChromium((line) => void process.stderr.write(`${line}\n`))
const [ours, foreign] = [await servePage(), await servePage()]
const allowedPage = `http://127.0.0.1:${ours.port}`
/** For cookies the port makes no difference: the browser would send ours. */
const sameSitePage = `http://127.0.0.1:${foreign.port}`
const crossSitePage = `http://localhost:${foreign.port}`

const system = await useSystem({ workers: 0, env: { ...GENEROUS, CORS_ORIGINS: allowedPage } })
const browser = await chromium.launch({ executablePath })
afterAll(async () => {
  await browser.close()
  ours.close()
  foreign.close()
})

async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const tab = await context.newPage()
  await load(tab, () => tab.goto(url))
  return tab
}

async function load(tab: Page, go: () => Promise<unknown>): Promise<void> {
  await go()
  await tab.waitForFunction('window.createSession')
  await tab.evaluate(`window.session = createSession(${JSON.stringify(system.gatewayUrl)})`)
}

function signIn(tab: Page, { email, password }: Person): Promise<User> {
  return tab.evaluate(`session.signIn(${JSON.stringify(email)}, ${JSON.stringify(password)})`)
}

/** As the documented client does it, but without waiting for other tabs. */
function refreshAtOnce(tab: Page): Promise<number> {
  return tab.evaluate(`fetch(${JSON.stringify(`${system.gatewayUrl}/v1/auth/refresh`)}, {
    method: 'POST',
    credentials: 'include',
    headers: { 'x-session-transport': 'cookie', 'x-csrf-token': localStorage.getItem('kinora.csrf') },
  }).then((answer) => answer.status)`)
}

const namesOf = async (context: BrowserContext) => (await context.cookies()).map(({ name }) => name).sort()

test('a person signs in, stays signed in over a reload and in two tabs at once, and signs out', async () => {
  const person = await register(createClient(system.gatewayUrl))
  const context = await browser.newContext()
  const tab = await openTab(context, allowedPage)
  expect(await signIn(tab, person)).toEqual(person.tokens.user)
  expect(await namesOf(context)).toEqual(['__Host-kinora_csrf', '__Host-kinora_device', '__Host-kinora_refresh'])
  expect(await tab.evaluate('document.cookie + JSON.stringify(localStorage)')).not.toContain('kinora_refresh')

  await load(tab, () => tab.reload())
  expect(await tab.evaluate('session.resume()')).toEqual(person.tokens.user)

  const second = await openTab(context, allowedPage)
  for (let round = 0; round < 5; round += 1) {
    expect(await Promise.all([refreshAtOnce(tab), refreshAtOnce(second)])).toEqual([200, 200])
  }
  for (const each of [tab, second]) {
    const sessions = await each.evaluate<Session[]>(
      "session.fetch('/v1/auth/sessions').then((answer) => answer.json()).then(({ items }) => items)",
    )
    expect(sessions.filter(({ current }) => current)).toHaveLength(1)
    // The other one is that of the registration.
    expect(sessions).toHaveLength(2)
  }

  await tab.evaluate('session.signOut()')
  // It grants nothing but an allowance of sign-ins.
  expect(await namesOf(context)).toEqual(['__Host-kinora_device'])
  const refused = await second.evaluate('session.resume().catch(({ code }) => code)')
  expect(refused).toBe('REFRESH_INVALID')
  await context.close()
})

test('a page of a foreign origin gets nothing and spoils nothing', async () => {
  const person = await register(createClient(system.gatewayUrl))
  const context = await browser.newContext()
  const tab = await openTab(context, allowedPage)
  await signIn(tab, person)
  const csrfToken = await tab.evaluate<string>("localStorage.getItem('kinora.csrf')")
  const cookies = await context.cookies()

  for (const url of [sameSitePage, crossSitePage]) {
    const page = await openTab(context, url)
    // Even if it has got hold of the CSRF token: the preflight fails, and a request without one carries no header.
    await page.evaluate(`localStorage.setItem('kinora.csrf', ${JSON.stringify(csrfToken)})`)
    for (const step of ['session.resume()', 'session.signOut()', "session.signIn('a@b.test', 'x')"]) {
      expect(await page.evaluate(`${step}.then(() => 'done', ({ name }) => name)`)).toBe('TypeError')
    }
    for (const path of ['refresh', 'logout']) {
      const target = JSON.stringify(`${system.gatewayUrl}/v1/auth/${path}`)
      await page.evaluate(
        `fetch(${target}, { method: 'POST', mode: 'no-cors', credentials: 'include' }).catch(() => {})`,
      )
    }
  }

  expect(await context.cookies()).toEqual(cookies)
  expect(await tab.evaluate('session.resume()')).toEqual(person.tokens.user)
  await context.close()
})
