import { findChromium, useSystem } from '@kinora/dev/harness'
import { generateSync } from 'otplib'
import { type BrowserContext, chromium } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { type Person, register } from './support/accounts.ts'
import type { Page, Tokens, User } from './support/api-types.ts'
import { type Authenticator, openDevice } from './support/browser/authenticator.ts'
import { servePage } from './support/browser/page-server.ts'
import { createClient } from './support/client.ts'
import { GENEROUS } from './support/settings.ts'

type Begun = { challengeToken: string; options: Record<string, unknown> }
type Passkey = { id: string; name: string; lastUsedAt: string | null }

const executablePath = await findChromium((line) => void process.stderr.write(`${line}\n`))
const [ours, foreign] = [await servePage(), await servePage()]
// Passkeys are for domains: there are none for an IP address.
const page = `http://localhost:${ours.port}`
const foreignPage = `http://localhost:${foreign.port}`

const env = { ...GENEROUS, PUBLIC_URL: 'http://localhost:8080', CORS_ORIGINS: page }
const system = await useSystem({ workers: 0, env })
const anonymous = createClient(system.gatewayUrl)
const browser = await chromium.launch({ executablePath })
afterAll(async () => {
  await browser.close()
  ours.close()
  foreign.close()
})

/** A device of its own for each: one must not find the passkeys of another. */
async function newDevice(url = page): Promise<Authenticator> {
  const context: BrowserContext = await browser.newContext()
  return await openDevice(context, url)
}

async function addPasskey({ client }: Person, device: Authenticator, name?: string): Promise<Passkey> {
  const { challengeToken, options } = await client.call<Begun>('POST', '/v1/auth/passkeys/options', {})
  const response = await device.create(options)
  return await client.call('POST', '/v1/auth/passkeys', { challengeToken, response, ...(name && { name }) })
}

async function newOwner(): Promise<{ person: Person; device: Authenticator; passkey: Passkey }> {
  const [person, device] = [await register(anonymous), await newDevice()]
  return { person, device, passkey: await addPasskey(person, device) }
}

const beginLogin = () => anonymous.call<Begun>('POST', '/v1/auth/passkeys/login/options', {})

async function codeOf(json: object, path = '/v1/auth/passkeys/login'): Promise<unknown> {
  const { status, body } = await anonymous.send('POST', path, { json })
  return status === 200 ? 'signed in' : (body as { code: string }).code
}

function amrOf({ accessToken }: Tokens): unknown {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()).amr
}

test('a person adds a passkey and signs in with it, without a name and a password', async () => {
  const [person, device] = [await register(anonymous), await newDevice()]
  const passkey = await addPasskey(person, device, 'My laptop')
  expect(passkey).toMatchObject({ name: 'My laptop', lastUsedAt: null })

  const { challengeToken, options } = await beginLogin()
  const response = await device.get(options)
  const tokens = await anonymous.call<Tokens>('POST', '/v1/auth/passkeys/login', { challengeToken, response })
  expect(amrOf(tokens)).toEqual(['swk', 'user', 'mfa'])
  const signedIn = anonymous.as(tokens.accessToken)
  expect((await signedIn.call<User>('GET', '/v1/auth/me')).id).toBe(person.tokens.user.id)
  const { items } = await signedIn.call<Page<Passkey>>('GET', '/v1/auth/passkeys')
  expect(items).toEqual([{ ...passkey, lastUsedAt: expect.any(String) }])
})

test('what a device has signed is good once, also when it is sent several times at the same moment', async () => {
  const { device } = await newOwner()
  const { challengeToken, options } = await beginLogin()
  const response = await device.get(options)
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => codeOf({ challengeToken, response })))
  expect(outcomes.sort()).toEqual([...Array(4).fill('PASSKEY_CHALLENGE_INVALID'), 'signed in'])
  const later = await beginLogin()
  expect(await codeOf({ challengeToken: later.challengeToken, response })).toBe('PASSKEY_INVALID')
})

test('a passkey is the second factor after a password, for its owner alone', async () => {
  const { person, device } = await newOwner()
  const { secret } = await person.client.call<{ secret: string }>('POST', '/v1/auth/totp/setup', {})
  await person.client.call('POST', '/v1/auth/totp/enable', { code: generateSync({ secret }) })
  const { email, password } = person
  const login = () =>
    anonymous.call<{ mfaToken: string; methods: string[] }>('POST', '/v1/auth/login', { email, password })
  const { mfaToken, methods } = await login()
  expect(methods).toEqual(['totp', 'recovery_code', 'passkey'])
  const { options } = await anonymous.call<Begun>('POST', '/v1/auth/mfa/passkey/options', { mfaToken })

  const stranger = await newOwner()
  const theirs = await stranger.device.get({ ...options, allowCredentials: [] })
  expect(await codeOf({ mfaToken, passkey: theirs }, '/v1/auth/mfa')).toBe('PASSKEY_INVALID')

  const passkey = await device.get(options)
  const other = await login()
  expect(await codeOf({ mfaToken: other.mfaToken, passkey }, '/v1/auth/mfa')).toBe('PASSKEY_INVALID')
  const tokens = await anonymous.call<Tokens>('POST', '/v1/auth/mfa', { mfaToken, passkey })
  expect(amrOf(tokens)).toEqual(['pwd', 'swk', 'user', 'mfa'])
  expect(await codeOf({ mfaToken, passkey }, '/v1/auth/mfa')).toBe('MFA_TOKEN_INVALID')
})

test('a page that is not listed can neither add a passkey nor use one', async () => {
  const [person, device] = [await register(anonymous), await newDevice(foreignPage)]
  const begun = await person.client.call<Begun>('POST', '/v1/auth/passkeys/options', {})
  const response = await device.create(begun.options)
  const json = { challengeToken: begun.challengeToken, response }
  expect((await person.client.refusal('POST', '/v1/auth/passkeys', { json })).body.code).toBe('PASSKEY_UNACCEPTABLE')
  const { challengeToken, options } = await beginLogin()
  expect(await codeOf({ challengeToken, response: await device.get(options) })).toBe('PASSKEY_INVALID')
})

test('without the owner showing who they are, a passkey alone does not sign in', async () => {
  const { device } = await newOwner()
  await device.setUserVerified(false)
  const { challengeToken, options } = await beginLogin()
  const response = await device.get({ ...options, userVerification: 'discouraged' })
  expect(await codeOf({ challengeToken, response })).toBe('PASSKEY_INVALID')
})

test('a copy of a device, whose counter lags behind, is refused', async () => {
  const { device } = await newOwner()
  const signIn = async () => {
    const { challengeToken, options } = await beginLogin()
    return await codeOf({ challengeToken, response: await device.get(options) })
  }
  expect([await signIn(), await signIn()]).toEqual(['signed in', 'signed in'])
  await device.rewind()
  expect(await signIn()).toBe('PASSKEY_INVALID')
})

test('a passkey that was removed, with the password, is like one that never was', async () => {
  const { person, device, passkey } = await newOwner()
  const remove = (password: string, by = person) =>
    by.client.send('DELETE', `/v1/auth/passkeys/${passkey.id}`, { json: { password } })
  const stranger = await register(anonymous)
  expect((await remove(stranger.password, stranger)).status).toBe(404)
  expect((await remove('not the one')).status).toBe(403)
  expect((await remove(person.password)).status).toBe(204)
  const { challengeToken, options } = await beginLogin()
  expect(await codeOf({ challengeToken, response: await device.get(options) })).toBe('PASSKEY_INVALID')
})
