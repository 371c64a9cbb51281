import { randomUUID } from 'node:crypto'
import { events, type Revocation, type RevocationReason } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import jwt from 'jsonwebtoken'
import { beforeEach, describe, expect, it } from 'vitest'
import { AUDIENCE, createSigner, ISSUER } from './support/access-tokens.ts'
import { startTestGateway } from './support/start-test-gateway.ts'
import { useGateway } from './support/use-gateway.ts'

const { world, gateway, auth, media, request, signedIn } = await useGateway()
const { signer } = auth
const video = media.addVideo()

const get = (token: string, path = `/v1/videos/${video.id}`) =>
  request(path, { headers: { authorization: `Bearer ${token}` } })

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { code: string }).code
}

function revocation(sequence: number, sessionIds: string[], reason: RevocationReason = 'logout'): Revocation {
  const expiresAt = new Date(Date.now() + 900_000).toISOString()
  return { sequence, sessionIds, apiKeyIds: [], accountIds: [], reason, expiresAt }
}

/** A revocation as auth makes it: added to the list and published. */
async function revoke(sessionIds: string[], reason?: RevocationReason): Promise<void> {
  const made = revocation(auth.revocations.length + 1, sessionIds, reason)
  auth.revocations.push(made)
  await auth.say(events['auth.sessions-revoked'], randomUUID(), 1, made)
}

beforeEach(() => {
  auth.on.getJwks = async () => ({ keys: [signer.jwk] })
})

describe('an access token', () => {
  it('is verified without a call to auth each time', async () => {
    const token = signer.sign()
    expect((await get(token)).status).toBe(200)
    const before = { ...auth.calls }
    for (let i = 0; i < 5; i++) expect((await get(token)).status).toBe(200)
    expect(auth.calls).toEqual(before)
  })

  it('is needed on routes that require it', async () => {
    const answer = await request('/v1/videos')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="kinora"')
    expect(await codeOf(answer)).toBe('UNAUTHENTICATED')
  })

  it('that is invalid is refused even where it is optional', async () => {
    const answer = await get('nonsense')
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await codeOf(answer)).toBe('TOKEN_INVALID')
  })

  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: randomUUID(), sid: randomUUID(), role: 'user', exp: now + 900 }
  const header = { typ: 'at+jwt', kid: signer.jwk.kid }
  it.each([
    ['of another issuer', signer.sign({ claims: { iss: 'https://evil.test' } })],
    ['for another audience', signer.sign({ claims: { aud: 'someone-else' } })],
    ['of another type', signer.sign({ header: { typ: 'JWT' } })],
    ['without a session', signer.sign({ claims: { sid: undefined } })],
    ['with an invented role', signer.sign({ claims: { role: 'root' } })],
    ['without an expiry', signer.sign({ claims: { exp: undefined } })],
    ['signed by somebody else under our key id', createSigner(signer.jwk.kid).sign()],
    ['that is not signed', jwt.sign(claims, '', { algorithm: 'none', header: { alg: 'none', ...header } })],
    ['signed with our public key as a secret', jwt.sign(claims, signer.pem, { header: { alg: 'HS256', ...header } })],
    ['with its end cut off', signer.sign().slice(0, -4)],
    ['longer than any of ours', `${signer.sign()}${'x'.repeat(5000)}`],
  ])('%s is not valid', async (_what, token) => {
    expect(await codeOf(await get(token))).toBe('TOKEN_INVALID')
  })

  it.each(['Basic YTpi', 'Bearer', 'Bearer a b', ''])('in the header "%s" is not valid', async (authorization) => {
    const answer = await request('/v1/videos', { headers: { authorization } })
    expect(answer.status).toBe(401)
  })

  it('that has expired has its own error code', async () => {
    expect(await codeOf(await get(signer.sign({ expiresIn: -1 })))).toBe('TOKEN_EXPIRED')
  })

  it('expires although it is cached', async () => {
    const token = signer.sign({ expiresIn: 2 })
    expect((await get(token)).status).toBe(200)
    await until(async () => (await codeOf(await get(token))) === 'TOKEN_EXPIRED')
  })
})

describe('revocation', () => {
  it('is pushed to the gateway and ends only that session', async () => {
    const [ended, other] = [randomUUID(), randomUUID()]
    const token = signer.sign({ claims: { sid: ended } })
    expect((await get(token)).status).toBe(200)
    await revoke([ended])
    await until(async () => (await get(token)).status === 401, { timeoutMs: 15_000, every: 10 })
    expect(await codeOf(await get(token))).toBe('TOKEN_REVOKED')
    expect((await get(signer.sign({ claims: { sid: other } }))).status).toBe(200)
  })

  it.each<[RevocationReason, status: number, code: string]>([
    ['logout', 401, 'TOKEN_REVOKED'],
    ['logout_all', 401, 'TOKEN_REVOKED'],
    ['session_revoked', 401, 'TOKEN_REVOKED'],
    ['refresh_reused', 401, 'REFRESH_REUSED'],
    ['password_changed', 401, 'PASSWORD_CHANGED'],
    ['password_reset', 401, 'PASSWORD_CHANGED'],
    ['account_disabled', 403, 'ACCOUNT_DISABLED'],
    ['account_erased', 401, 'ACCOUNT_ERASED'],
  ])('by %s says so: %i %s', async (reason, status, code) => {
    const sid = randomUUID()
    const token = signer.sign({ claims: { sid } })
    await revoke([sid], reason)
    const refused = await until(async () => {
      const answer = await get(token)
      return !answer.ok && answer
    })
    expect([refused.status, await codeOf(refused)]).toEqual([status, code])
    const challenge = refused.headers.get('www-authenticate')
    if (status === 401) expect(challenge).toContain('error="invalid_token"')
    else expect(challenge).toBeNull()
  })

  it('that was missed is found through the gap in the sequence', async () => {
    const [missed, received] = [randomUUID(), randomUUID()]
    auth.revocations.push(revocation(auth.revocations.length + 1, [missed]))
    await revoke([received])
    await until(async () => (await get(signer.sign({ claims: { sid: missed } }))).status === 401)
  })

  it('is known to a gateway that starts later, from all pages of the list', async () => {
    const sessionIds = [randomUUID(), randomUUID(), randomUUID()]
    for (const sessionId of sessionIds) await revoke([sessionId])
    const listRevocations = auth.on.listRevocations
    auth.on.listRevocations = async ({ after }) => ({
      items: auth.revocations.slice(after, after + 1),
      more: after + 1 < auth.revocations.length,
      sequence: auth.revocations.length,
    })
    const late = await startTestGateway(world)
    try {
      await until(async () => (await late.health.report()).ready)
      for (const sid of sessionIds) {
        const authorization = `Bearer ${signer.sign({ claims: { sid } })}`
        const answer = await fetch(`${late.url}/v1/videos/${video.id}`, { headers: { authorization } })
        expect(await codeOf(answer)).toBe('TOKEN_REVOKED')
      }
    } finally {
      auth.on.listRevocations = listRevocations
      await late.life.close()
    }
  })

  it('that was not loaded yet makes the gateway refuse all tokens and not be ready', async () => {
    const listRevocations = auth.on.listRevocations
    delete auth.on.listRevocations
    const blind = await startTestGateway(world)
    try {
      const answer = await fetch(`${blind.url}/v1/videos/${video.id}`, { headers: signedIn() })
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('1')
      expect((await fetch(`${blind.url}/readyz`)).status).toBe(503)
      expect((await fetch(`${blind.url}/livez`)).status).toBe(200)
      auth.on.listRevocations = listRevocations
      await until(async () => (await fetch(`${blind.url}/readyz`)).status === 200)
      expect((await fetch(`${blind.url}/v1/videos/${video.id}`, { headers: signedIn() })).status).toBe(200)
    } finally {
      auth.on.listRevocations = listRevocations
      await blind.life.close()
    }
  })
})

describe('signing keys', () => {
  it('that are new are fetched, but not for every invented key id', async () => {
    const next = createSigner()
    auth.on.getJwks = async () => ({ keys: [signer.jwk, next.jwk] })
    await until(async () => (await get(next.sign())).status === 200, { timeoutMs: 15_000, every: 200 })
    const before = auth.calls.getJwks
    for (let i = 0; i < 20; i++) expect(await codeOf(await get(createSigner().sign()))).toBe('TOKEN_INVALID')
    expect((auth.calls.getJwks ?? 0) - (before ?? 0)).toBeLessThanOrEqual(1)
  })

  it('are published', async () => {
    const answer = await request('/.well-known/jwks.json')
    expect(await answer.json()).toMatchObject({ keys: expect.arrayContaining([signer.jwk]) })
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60')
  })
})

describe('without auth', () => {
  it('users stay signed in', async () => {
    const token = signer.sign()
    await auth.stop()
    expect((await get(token)).status).toBe(200)
    expect((await get(signer.sign())).status).toBe(200)
    expect((await request('/.well-known/jwks.json')).status).toBe(200)
    const login = await request('/v1/auth/me', { headers: signedIn() })
    expect(login.status).toBe(503)
    expect(await codeOf(login)).toBe('NO_RESPONDER')
    expect((await gateway.health.report()).ready).toBe(true)
  })
})
