import { randomBytes } from 'node:crypto'
import { createMetrics, Health, Lifecycle } from '@kinora/common/service'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { generateSync } from 'otplib'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { authConfig } from '../../auth/src/config.ts'
import { startAuth } from '../../auth/src/service.ts'
import { mediaConfig } from '../../media/src/config.ts'
import { startMedia } from '../../media/src/service.ts'
import { AUDIENCE, ISSUER } from './support/access-tokens.ts'
import { startTestGateway } from './support/start-test-gateway.ts'
import { jsonBody } from './support/use-gateway.ts'

const world = await useTestEnvironment()
const life = new Lifecycle()
afterAll(() => life.close())

const base = (name: string) => {
  return { life, health: new Health(), metrics: createMetrics(name), logger: pino({ level: 'silent' }) }
}
const secret = () => randomBytes(32).toString('base64')
await startAuth(
  base('auth'),
  authConfig.parse({
    AMQP_URL: world.amqpUrl('auth'),
    DATABASE_URL: world.databaseUrl('auth'),
    KEY_ENCRYPTION_KEY: secret(),
    REFRESH_SECRET: secret(),
    PASSWORD_PEPPER: secret(),
    BCRYPT_COST: '10',
    ISSUER,
    AUDIENCE,
  }),
)
await startMedia(
  base('media'),
  mediaConfig.parse({
    AMQP_URL: world.amqpUrl('media'),
    DATABASE_URL: world.databaseUrl('media'),
    STORAGE_URL: world.storageUrl,
    PUBLIC_URL: 'http://kinora.test',
    PLAYBACK_SECRET: secret(),
    WEBHOOK_ENCRYPTION_KEY: secret(),
  }),
)
const gateway = await startTestGateway(world)
life.use(gateway, 'gateway', (it) => it.life.close())
await until(async () => (await gateway.health.report()).ready)

interface SignedIn {
  accessToken: string
  refreshToken: string
  user: { id: string; email: string }
}

const password = 'correct horse battery'

async function send(path: string, init: RequestInit = {}, token?: string): Promise<Response> {
  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
  return await fetch(gateway.url + path, { ...init, headers: { ...init.headers, ...authorization } })
}

async function register(): Promise<SignedIn> {
  const email = `${crypto.randomUUID()}@kinora.test`
  const answer = await send('/v1/auth/register', jsonBody({ email, password }))
  expect(answer.status).toBe(201)
  return (await answer.json()) as SignedIn
}

describe('with the real auth and media', () => {
  it('a user registers, signs in, creates a video and uploads it', async () => {
    const { user } = await register()
    const login = await send('/v1/auth/login', jsonBody({ email: user.email, password }))
    const { accessToken } = (await login.json()) as SignedIn
    expect(await (await send('/v1/auth/me', {}, accessToken)).json()).toMatchObject({ email: user.email })
    const created = await send('/v1/videos', jsonBody({ title: 'Sea' }), accessToken)
    const { id } = (await created.json()) as { id: string }
    const source = { method: 'PUT', headers: { 'content-type': 'video/mp4' }, body: Buffer.alloc(1000, 1) }
    expect((await send(`/v1/videos/${id}/source`, source, accessToken)).status).toBe(202)
    const list = await send('/v1/videos?q=sea&sort=-title', {}, accessToken)
    expect(await list.json()).toMatchObject({ items: [{ id, source: { bytes: 1000 } }], nextCursor: null })
    expect((await send(`/v1/videos/${id}/timeline`, {}, accessToken)).status).toBe(200)
  })

  it('a private video does not exist for others', async () => {
    const [ann, bob] = [await register(), await register()]
    const created = await send('/v1/videos', jsonBody({ title: 'Mine' }), ann.accessToken)
    const { id } = (await created.json()) as { id: string }
    for (const token of [bob.accessToken, undefined]) {
      expect((await send(`/v1/videos/${id}`, {}, token)).status).toBe(404)
      expect((await send(`/v1/videos/${id}/events`, {}, token)).status).toBe(404)
    }
    expect((await send(`/play/${id}/master.m3u8`)).status).toBe(404)
  })

  it.each(['logout', 'logout-all'])('the response to %s ends the access token', async (how) => {
    const { accessToken } = await register()
    expect((await send(`/v1/auth/${how}`, { method: 'POST' }, accessToken)).status).toBe(204)
    const refused = await send('/v1/auth/me', {}, accessToken)
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ code: 'TOKEN_REVOKED' })
  })

  it('a user adds an authenticator app, signs in with it, and removes it', async () => {
    const { user, accessToken } = await register()
    const setUp = await send('/v1/auth/totp/setup', { method: 'POST' }, accessToken)
    const { secret } = (await setUp.json()) as { secret: string }
    const enabled = await send('/v1/auth/totp/enable', jsonBody({ code: generateSync({ secret }) }), accessToken)
    const { recoveryCodes } = (await enabled.json()) as { recoveryCodes: string[] }
    const login = await send('/v1/auth/login', jsonBody({ email: user.email, password }))
    const { mfaToken } = (await login.json()) as { mfaToken: string }
    expect((await send('/v1/auth/mfa', jsonBody({ mfaToken }))).status).toBe(400)
    const finished = await send('/v1/auth/mfa', jsonBody({ mfaToken, recoveryCode: recoveryCodes[0] }))
    const signedIn = (await finished.json()) as SignedIn
    expect(signedIn.user).toMatchObject({ id: user.id, mfaEnabled: true })
    const disable = jsonBody({ password, code: recoveryCodes[1] }, 'DELETE')
    expect((await send('/v1/auth/totp', disable, signedIn.accessToken)).status).toBe(204)
    expect(await (await send('/v1/auth/me', {}, accessToken)).json()).toMatchObject({ mfaEnabled: false })
  })

  it('a stolen refresh token, used late, ends the session with its own error code', async () => {
    const first = await register()
    const refresh = async (refreshToken: string) => await send('/v1/auth/refresh', jsonBody({ refreshToken }))
    const second = (await (await refresh(first.refreshToken)).json()) as SignedIn
    const third = (await (await refresh(second.refreshToken)).json()) as SignedIn
    expect(await (await refresh(first.refreshToken)).json()).toMatchObject({ code: 'REFRESH_REUSED' })
    await until(async () => (await send('/v1/auth/me', {}, third.accessToken)).status === 401)
  })
})

it('sites that may play the videos of a project are known to the gateway within seconds, and changed by version', async () => {
  const { accessToken, user } = await register()
  const path = `/v1/projects/${user.id}`
  const created = await send('/v1/videos', jsonBody({ title: 'Sea', visibility: 'public' }), accessToken)
  const { id } = (await created.json()) as { id: string }
  const ancestors = async () =>
    /frame-ancestors ([^;]+)/.exec((await send(`/embed/${id}`)).headers.get('content-security-policy') ?? '')?.[1]
  expect(await ancestors()).toBe("'none'")
  const etag = (await send(path, {}, accessToken)).headers.get('etag') ?? ''
  const change = (allowedDomains: unknown) => {
    const { headers, ...init } = jsonBody({ allowedDomains }, 'PATCH')
    return send(path, { ...init, headers: { ...headers, 'if-match': etag } }, accessToken)
  }
  const changed = await change(['Shop.example', '*.blog.example'])
  expect([changed.status, await changed.json()]).toMatchObject([
    200,
    { allowedDomains: ['shop.example', '*.blog.example'], revision: 2 },
  ])
  await until(async () => (await ancestors()) === "'self' shop.example:* *.blog.example:*")
  const late = await change([])
  expect([late.status, await late.json()]).toMatchObject([412, { code: 'PROJECT_CHANGED' }])
  await send(`/v1/videos/${id}`, jsonBody({ allowedDomains: [] }, 'PATCH'), accessToken)
  await until(async () => (await ancestors()) === "'none'")
  const wrong = await send(`/v1/videos/${id}`, jsonBody({ allowedDomains: ['shop.example:443'] }, 'PATCH'), accessToken)
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { errors: [{ path: 'allowedDomains.0' }] }])
})
