import { randomBytes, randomUUID } from 'node:crypto'
import type { Call } from '@kinora/common/contract'
import type { SignedIn } from '@kinora/common/contracts'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import { beforeEach, describe, expect, it } from 'vitest'
import { jsonBody, useGateway } from './support/use-gateway.ts'

const APP = 'https://app.kinora.test'
const COOKIE = '__Host-kinora_refresh'
const CSRF_COOKIE = '__Host-kinora_csrf'

const { auth, request } = await useGateway({ PUBLIC_URL: 'https://kinora.test', CORS_ORIGINS: APP })
const calls: { input: Record<string, unknown>; call: Call }[] = []

const user = {
  id: randomUUID(),
  email: 'ada@kinora.test',
  displayName: null,
  role: 'user' as const,
  emailVerified: false,
  mfaEnabled: false,
  createdAt: new Date().toISOString(),
}

/** Refresh tokens as auth issues them: the first part belongs to the session, the rest differs. */
const newSession = () => randomBytes(18).toString('base64url').slice(0, 22)
const tokenOf = (session: string) => session + randomBytes(30).toString('base64url')

function signedIn(refreshToken: string): SignedIn {
  return { user, accessToken: 'a.b.c', tokenType: 'Bearer', expiresIn: 900, refreshToken, refreshExpiresIn: 604_800 }
}

beforeEach(() => {
  calls.length = 0
  auth.on.login = async (input, call) => {
    calls.push({ input, call })
    return signedIn(tokenOf(newSession()))
  }
  auth.on.refresh = async (input, call) => {
    calls.push({ input, call })
    return signedIn(tokenOf(input.refreshToken.slice(0, 22)))
  }
  auth.on.logout = async (input, call) => {
    calls.push({ input, call })
    return { sessionId: randomUUID() }
  }
})

const refuseRefresh = (code: ErrorCode) => {
  auth.on.refresh = async () => {
    throw new AppError(code)
  }
}

const page = { origin: APP, 'sec-fetch-site': 'same-site', 'x-session-transport': 'cookie' }

function post(path: string, body: unknown, headers: Record<string, string>): Promise<Response> {
  const init = jsonBody(body)
  return request(path, { ...init, headers: { ...init.headers, ...headers } })
}

const credentials = { email: 'ada@kinora.test', password: 'a quiet harbour' }

interface BrowserSession {
  csrfToken: string
  cookie: string
}

async function signIn(): Promise<BrowserSession> {
  const answer = await post('/v1/auth/login', credentials, page)
  expect(answer.status).toBe(200)
  const { csrfToken } = (await answer.json()) as { csrfToken: string }
  return { csrfToken, cookie: `${COOKIE}=${cookiesOf(answer).get(COOKIE)?.value}` }
}

const carrying = ({ cookie, csrfToken }: BrowserSession) => ({ ...page, cookie, 'x-csrf-token': csrfToken })

function cookiesOf(answer: Response): Map<string, { value: string; attributes: string[] }> {
  const parse = (line: string): [string, { value: string; attributes: string[] }] => {
    const [pair = '', ...attributes] = line.split('; ')
    const at = pair.indexOf('=')
    return [pair.slice(0, at), { value: pair.slice(at + 1), attributes }]
  }
  return new Map(answer.headers.getSetCookie().map(parse))
}

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { code: string }).code
}

describe('a page that asks for a cookie session', () => {
  it('gets the device token in a cookie for a year; one that does not ask gets it in the body alone', async () => {
    auth.on.login = async () => ({ ...signedIn(tokenOf(newSession())), deviceToken: 'a-device' })
    const answer = await post('/v1/auth/login', credentials, page)
    expect(await answer.json()).not.toHaveProperty('deviceToken')
    const cookie = cookiesOf(answer).get('__Host-kinora_device')
    expect(cookie?.value).toBe('a-device')
    expect(cookie?.attributes.filter((it) => !it.startsWith('Expires'))).toEqual([
      'Max-Age=31536000',
      'Path=/',
      'HttpOnly',
      'Secure',
      'SameSite=Lax',
    ])
    const plain = await post('/v1/auth/login', credentials, {})
    expect(await plain.json()).toMatchObject({ deviceToken: 'a-device' })
    expect(plain.headers.getSetCookie()).toEqual([])
  })

  it('gets the refresh token in a cookie that no script can read, and nowhere else', async () => {
    const answer = await post('/v1/auth/login', credentials, page)
    const text = await answer.text()
    const cookie = cookiesOf(answer).get(COOKIE)
    expect(cookie?.attributes.filter((it) => !it.startsWith('Expires'))).toEqual([
      'Max-Age=604800',
      'Path=/',
      'HttpOnly',
      'Secure',
      'SameSite=Strict',
    ])
    expect(text).not.toContain(cookie?.value)
    expect(JSON.parse(text)).not.toHaveProperty('refreshToken')
    const csrf = cookiesOf(answer).get(CSRF_COOKIE)
    expect(JSON.parse(text)).toMatchObject({ user, accessToken: 'a.b.c', csrfToken: csrf?.value })
    expect(csrf?.attributes).not.toContain('HttpOnly')
    expect(calls[0]?.call.client).toMatchObject({ transport: 'cookie' })
  })

  it('refreshes by the cookie and keeps its CSRF token', async () => {
    const session = await signIn()
    const answer = await post('/v1/auth/refresh', {}, carrying(session))
    expect(answer.status).toBe(200)
    const body = (await answer.json()) as BrowserSession
    expect(body.csrfToken).toBe(session.csrfToken)
    expect(body).not.toHaveProperty('refreshToken')
    expect(`${COOKIE}=${cookiesOf(answer).get(COOKIE)?.value}`).not.toBe(session.cookie)
    expect(`${COOKIE}=${calls[1]?.input.refreshToken}`).toBe(session.cookie)
  })

  it('signs out by the cookie, which is cleared', async () => {
    const session = await signIn()
    const answer = await request('/v1/auth/logout', { method: 'POST', headers: carrying(session) })
    expect(answer.status).toBe(204)
    expect(`${COOKIE}=${calls[1]?.input.refreshToken}`).toBe(session.cookie)
    expect(cookiesOf(answer).get(COOKIE)).toMatchObject({ value: '' })
    expect(cookiesOf(answer).get(CSRF_COOKIE)).toMatchObject({ value: '' })
  })

  it('gets a response without tokens unchanged, without a cookie', async () => {
    refuseRefresh('INTERNAL')
    auth.on.login = async () => {
      throw new AppError('INVALID_CREDENTIALS')
    }
    const answer = await post('/v1/auth/login', credentials, page)
    expect(await codeOf(answer)).toBe('INVALID_CREDENTIALS')
    expect(answer.headers.getSetCookie()).toEqual([])
  })

  it('may not send a refresh token in the body as well', async () => {
    const session = await signIn()
    const answer = await post('/v1/auth/refresh', { refreshToken: tokenOf(newSession()) }, carrying(session))
    expect(await codeOf(answer)).toBe('VALIDATION_FAILED')
  })

  it('must use one of the two values of the header', async () => {
    const answer = await post('/v1/auth/login', credentials, { ...page, 'x-session-transport': 'Cookie' })
    expect(await codeOf(answer)).toBe('VALIDATION_FAILED')
  })
})

describe('a client that asks for no cookie session', () => {
  it('gets the refresh token in the body, and no cookie', async () => {
    const answer = await post('/v1/auth/login', credentials, { origin: APP })
    expect(await answer.json()).toHaveProperty('refreshToken')
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(calls[0]?.call.client?.transport).toBeUndefined()
  })

  it('is not refreshed by a cookie that its browser sends along', async () => {
    const { cookie, csrfToken } = await signIn()
    const answer = await post('/v1/auth/refresh', {}, { origin: APP, cookie, 'x-csrf-token': csrfToken })
    expect(await codeOf(answer)).toBe('VALIDATION_FAILED')
  })
})

describe('a forged request', () => {
  const none = ''
  it.each([
    ['no CSRF token', () => none],
    ['an empty one', () => ' '],
    ['a made-up one', () => randomBytes(32).toString('base64url')],
    ['a longer one', (own: string) => `${own}A`],
    ['that of another session', (_own: string, other: string) => other],
  ])('with %s is refused and changes nothing', async (_what, forge) => {
    const own = await signIn()
    const other = await signIn()
    const token = forge(own.csrfToken, other.csrfToken)
    const headers = { ...page, cookie: own.cookie, ...(token !== none && { 'x-csrf-token': token }) }
    calls.length = 0
    for (const path of ['/v1/auth/refresh', '/v1/auth/logout']) {
      const answer = await post(path, {}, headers)
      expect([answer.status, await codeOf(answer)]).toEqual([403, 'CSRF_FAILED'])
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    expect(calls).toEqual([])
  })

  it.each([
    ['another origin', { origin: 'https://evil.test' }],
    ['a subdomain that nobody listed', { origin: 'https://blog.kinora.test' }],
    ['the same host on plain HTTP', { origin: 'http://kinora.test' }],
    ['the same host on another port', { origin: 'https://kinora.test:8443' }],
    ['a name that begins alike', { origin: 'https://app.kinora.test.evil.test' }],
    ['a page without an origin', { origin: 'null' }],
    ['a listed origin, by a browser that calls it another site', { 'sec-fetch-site': 'cross-site' }],
    ['nothing that a browser says of a page', { origin: '', 'sec-fetch-site': '' }],
    ['an address bar', { origin: '', 'sec-fetch-site': 'none' }],
  ])('from %s is refused before anything is read', async (_whence, difference) => {
    const session = await signIn()
    calls.length = 0
    const headers = Object.fromEntries(
      Object.entries({ ...carrying(session), ...difference }).filter(([, value]) => value !== ''),
    )
    for (const [path, body] of [
      ['/v1/auth/login', credentials],
      ['/v1/auth/refresh', {}],
      ['/v1/auth/logout', {}],
    ] as const) {
      const answer = await post(path, body, headers)
      expect([path, answer.status, await codeOf(answer)]).toEqual([path, 403, 'ORIGIN_NOT_ALLOWED'])
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    expect(calls).toEqual([])
  })

  it('to another route gets nothing from the cookie', async () => {
    const session = await signIn()
    for (const path of ['/v1/auth/me', '/v1/auth/sessions', '/v1/videos']) {
      expect((await request(path, { headers: carrying(session) })).status).toBe(401)
    }
  })
})

describe('a refused refresh', () => {
  it.each([
    ['REFRESH_INVALID', 401],
    ['REFRESH_EXPIRED', 401],
    ['REFRESH_REUSED', 401],
    ['SESSION_REVOKED', 401],
    ['ACCOUNT_DISABLED', 403],
  ] as const)('clears the cookie where it can never work again: %s', async (code, status) => {
    const session = await signIn()
    refuseRefresh(code)
    const answer = await post('/v1/auth/refresh', {}, carrying(session))
    expect([answer.status, await codeOf(answer)]).toEqual([status, code])
    expect(cookiesOf(answer).get(COOKIE)).toMatchObject({ value: '' })
  })

  it.each(['DEPENDENCY_UNAVAILABLE', 'INTERNAL'] as const)(
    'leaves the cookie where the session may go on: %s',
    async (code) => {
      const session = await signIn()
      refuseRefresh(code)
      const answer = await post('/v1/auth/refresh', {}, carrying(session))
      expect(await codeOf(answer)).toBe(code)
      expect(answer.headers.getSetCookie()).toEqual([])
    },
  )

  it('without a cookie sets and clears none', async () => {
    const answer = await post('/v1/auth/refresh', {}, page)
    expect([answer.status, await codeOf(answer)]).toEqual([401, 'REFRESH_INVALID'])
    expect(answer.headers.getSetCookie()).toEqual([])
  })
})

describe('across origins', () => {
  const preflight = (origin: string) =>
    request('/v1/auth/refresh', {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-csrf-token,x-session-transport',
      },
    })

  it('credentials are allowed for listed origins, by exact match', async () => {
    for (const answer of [await preflight(APP), await post('/v1/auth/login', credentials, page)]) {
      expect(answer.headers.get('access-control-allow-origin')).toBe(APP)
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
      expect(answer.headers.get('vary')).toContain('Origin')
    }
    const allowed = (await preflight(APP)).headers.get('access-control-allow-headers')
    expect(allowed).toContain('x-csrf-token')
    expect(allowed).toContain('x-session-transport')
  })

  it.each(['https://evil.test', 'https://app.kinora.test.evil.test', 'http://app.kinora.test', 'null'])(
    'nothing is allowed to %s',
    async (origin) => {
      for (const answer of [await preflight(origin), await post('/v1/auth/login', credentials, { origin })]) {
        expect(answer.headers.get('access-control-allow-origin')).toBeNull()
        expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
        expect(answer.headers.get('vary')).toContain('Origin')
      }
    },
  )
})
