import { createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import { until, useSystem } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { type Person, refresh, register, signIn } from './support/accounts.ts'
import type { Page, Session, User } from './support/api-types.ts'
import { type Client, createClient } from './support/client.ts'

// The limits are those of a new installation; each test comes from an address of its own.
const system = await useSystem({ workers: 0, env: { TRUSTED_PROXIES: '127.0.0.1' } })
const second = await system.addGateway()
let addresses = 0

function newVisitor(): Client {
  addresses += 1
  return createClient(system.gatewayUrl, { address: `192.0.2.${addresses}` })
}

/** Waits until a gateway refuses an access token, which must be soon, and gives the code. */
function refusalOf(client: Client): Promise<string> {
  return until(
    async () => {
      const answer = await client.send('GET', '/v1/auth/me')
      return answer.status === 401 && (answer.body as { code: string }).code
    },
    { timeoutMs: 15_000, every: 20 },
  )
}

test('somebody registers, signs in and sees their account', async () => {
  const visitor = newVisitor()
  const person = await register(visitor)
  expect(person.tokens).toStrictEqual({
    user: {
      id: expect.any(String),
      email: person.email,
      displayName: null,
      role: 'user',
      emailVerified: expect.any(Boolean),
      mfaEnabled: false,
      createdAt: expect.any(String),
    },
    accessToken: expect.any(String),
    tokenType: 'Bearer',
    expiresIn: 900,
    refreshToken: expect.any(String),
    refreshExpiresIn: 604_800,
    deviceToken: expect.any(String),
  })
  const again = await signIn(visitor, person)
  expect(await again.client.call<User>('GET', '/v1/auth/me')).toEqual(person.tokens.user)
  const json = { email: person.email.toUpperCase(), password: person.password }
  expect((await visitor.refusal('POST', '/v1/auth/register', { json })).body).toMatchObject({ code: 'EMAIL_TAKEN' })
})

test('an unknown address and a wrong password get the same answer', async () => {
  const visitor = newVisitor()
  const { email } = await register(visitor)
  const tries = [email, 'nobody@example.com'].map(async (name) => {
    const { body } = await visitor.refusal('POST', '/v1/auth/login', { json: { email: name, password: 'not the one' } })
    return { ...body, requestId: '' }
  })
  const [known, unknown] = await Promise.all(tries)
  expect(known).toMatchObject({ status: 401, code: 'INVALID_CREDENTIALS' })
  expect(unknown).toEqual(known)
})

test('anybody can check an access token with the published keys', async () => {
  const visitor = newVisitor()
  const { tokens } = await register(visitor)
  const [head = '', body = '', signature = ''] = tokens.accessToken.split('.')
  const { kid, alg, typ } = JSON.parse(Buffer.from(head, 'base64url').toString())
  expect({ alg, typ }).toEqual({ alg: 'ES256', typ: 'at+jwt' })
  const { keys } = await visitor.call<{ keys: (JsonWebKey & { kid: string })[] }>('GET', '/.well-known/jwks.json')
  const jwk = keys.find((it) => it.kid === kid)
  const key = createPublicKey({ key: jwk ?? {}, format: 'jwk' })
  const options = { key, dsaEncoding: 'ieee-p1363' as const }
  expect(verify('sha256', Buffer.from(`${head}.${body}`), options, Buffer.from(signature, 'base64url'))).toBe(true)
  expect(Object.keys(jwk ?? {})).not.toContain('d')
})

test('a token that was changed, or is signed by nobody, is refused', async () => {
  const visitor = newVisitor()
  const { tokens } = await register(visitor)
  const [head = '', body = '', signature = ''] = tokens.accessToken.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const admin = encoded({ ...claims, role: 'admin' })
  const unsigned = encoded({ alg: 'none', typ: 'at+jwt' })
  for (const forged of [`${head}.${admin}.${signature}`, `${unsigned}.${body}.`, `${head}.${body}.`, 'x']) {
    const { status, body: problem, headers } = await visitor.as(forged).refusal('GET', '/v1/auth/me')
    expect([status, problem.code]).toEqual([401, 'TOKEN_INVALID'])
    expect(headers.get('www-authenticate')).toContain('invalid_token')
  }
})

test('two tabs that refresh at once get the same successor, also at two gateways', async () => {
  const visitor = newVisitor()
  const { tokens } = await register(visitor)
  const other = visitor.at(second.url)
  const answers = await Promise.all([visitor, other, visitor, other].map((tab) => refresh(tab, tokens.refreshToken)))
  expect(new Set(answers.map(({ refreshToken }) => refreshToken)).size).toBe(1)
  const [answer] = answers
  expect(answer?.refreshToken).not.toBe(tokens.refreshToken)
  const later = await refresh(visitor, answer?.refreshToken ?? '')
  expect(later.user).toEqual(tokens.user)
})

test('a refresh token older than the last one ends the session, and its access tokens at every gateway', async () => {
  const visitor = newVisitor()
  const { tokens } = await register(visitor)
  const next = await refresh(visitor, tokens.refreshToken)
  const last = await refresh(visitor, next.refreshToken)
  const stolen = { json: { refreshToken: tokens.refreshToken } }
  expect((await visitor.refusal('POST', '/v1/auth/refresh', stolen)).body.code).toBe('REFRESH_REUSED')
  expect(await refusalOf(visitor.as(last.accessToken))).toBe('REFRESH_REUSED')
  expect(await refusalOf(visitor.at(second.url).as(last.accessToken))).toBe('REFRESH_REUSED')
  const mine = { json: { refreshToken: last.refreshToken } }
  const { status } = await visitor.refusal('POST', '/v1/auth/refresh', mine)
  expect(status).toBe(401)
})

test('a made-up refresh token is refused', async () => {
  const { status, body } = await newVisitor().refusal('POST', '/v1/auth/refresh', { json: { refreshToken: 'x.y' } })
  expect([status, body.code]).toEqual([401, 'REFRESH_INVALID'])
})

test('signing out kills the access token at every gateway, and leaves other sessions alone', async () => {
  const visitor = newVisitor()
  const person = await register(visitor)
  const other = await signIn(visitor, person)
  expect((await person.client.send('POST', '/v1/auth/logout')).status).toBe(204)
  expect(await refusalOf(person.client)).toBe('TOKEN_REVOKED')
  expect(await refusalOf(person.client.at(second.url))).toBe('TOKEN_REVOKED')
  const json = { refreshToken: person.tokens.refreshToken }
  expect((await visitor.refusal('POST', '/v1/auth/refresh', { json })).status).toBe(401)
  await other.client.call('GET', '/v1/auth/me')
})

test('a gateway that starts later knows of the tokens that were revoked before', async () => {
  const person = await register(newVisitor())
  await person.client.send('POST', '/v1/auth/logout')
  const late = await system.addGateway()
  const answer = await person.client.at(late.url).refusal('GET', '/v1/auth/me')
  expect(answer.body.code).toBe('TOKEN_REVOKED')
})

test('signing out everywhere ends all sessions', async () => {
  const visitor = newVisitor()
  const person = await register(visitor)
  const other = await signIn(visitor, person)
  await person.client.call('POST', '/v1/auth/logout-all')
  expect(await refusalOf(other.client)).toBe('TOKEN_REVOKED')
  expect(await refusalOf(person.client.at(second.url))).toBe('TOKEN_REVOKED')
})

test('a new password ends all other sessions at every gateway and says why', async () => {
  const visitor = newVisitor()
  const person = await register(visitor)
  const other = await signIn(visitor, person)
  const json = { currentPassword: person.password, newPassword: `${person.password}, but longer` }
  const wrong = await person.client.refusal('POST', '/v1/auth/password', {
    json: { ...json, currentPassword: 'a guess' },
  })
  expect([wrong.status, wrong.body.code]).toEqual([403, 'PASSWORD_WRONG'])
  expect((await person.client.send('POST', '/v1/auth/password', { json })).status).toBe(204)
  expect(await refusalOf(other.client)).toBe('PASSWORD_CHANGED')
  expect(await refusalOf(other.client.at(second.url))).toBe('PASSWORD_CHANGED')
  const refused = await visitor.refusal('POST', '/v1/auth/refresh', {
    json: { refreshToken: other.tokens.refreshToken },
  })
  expect(refused.body).toMatchObject({ status: 401, code: 'PASSWORD_CHANGED' })
  await person.client.call('GET', '/v1/auth/me')
  await signIn(visitor, { ...person, password: json.newPassword })
})

test('sessions are listed, and one can be ended from another', async () => {
  const visitor = newVisitor()
  const person = await register(visitor)
  const other = await signIn(visitor, person)
  const sessions = await sessionsOf(person)
  expect(sessions.map(({ current }) => current).sort()).toEqual([false, true])
  const theirs = sessions.find(({ current }) => !current)
  await person.client.call('DELETE', `/v1/auth/sessions/${theirs?.id}`)
  expect(await refusalOf(other.client)).toBe('TOKEN_REVOKED')
  expect(await sessionsOf(person)).toHaveLength(1)

  const stranger = await register(newVisitor())
  const [mine] = await sessionsOf(person)
  const answer = await stranger.client.refusal('DELETE', `/v1/auth/sessions/${mine?.id}`)
  expect([answer.status, answer.body.code]).toEqual([404, 'SESSION_NOT_FOUND'])
  await person.client.call('GET', '/v1/auth/me')
})

test('signing in too often is refused for a while, with headers that say for how long', async () => {
  const visitor = newVisitor()
  const person = await register(visitor)
  const wrong = { json: { email: person.email, password: 'not the one' } }
  const answers = []
  for (let round = 0; round < 11; round++) answers.push(await visitor.refusal('POST', '/v1/auth/login', wrong))
  expect(answers.slice(0, 10).map(({ status }) => status)).toEqual(Array(10).fill(401))
  const refused = answers[10]
  expect(refused?.body).toMatchObject({ status: 429, code: 'RATE_LIMITED', retryable: true })
  const header = (name: string) => refused?.headers.get(name) ?? ''
  expect(Number(header('retry-after'))).toBeGreaterThan(0)
  expect(Number(header('retry-after'))).toBeLessThanOrEqual(60)
  expect(header('ratelimit-policy')).toMatch(/^"\w+";q=10;w=60/)
  expect(header('ratelimit')).toMatch(/^"\w+";r=0;t=\d+/)
  // The account is protected from every address, at every gateway.
  const elsewhere = newVisitor().at(second.url)
  expect((await elsewhere.refusal('POST', '/v1/auth/login', wrong)).status).toBe(429)
  // Another account from another address is not.
  await signIn(newVisitor(), await register(newVisitor()))
})

function sessionsOf({ client }: Person): Promise<Session[]> {
  return client.call<Page<Session>>('GET', '/v1/auth/sessions').then(({ items }) => items)
}
