import { AppError } from '@kinora/common/errors'
import { until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { rawHttp } from './support/raw-http.ts'
import { jsonBody, useGateway } from './support/use-gateway.ts'

const { gateway, auth, media, request, signedIn } = await useGateway()

const post = (path: string, value: unknown) => {
  const init = jsonBody(value)
  return request(path, { ...init, headers: { ...init.headers, ...signedIn() } })
}

interface Problem {
  code: string
  requestId: string
  errors: { path: string; message: string }[]
}

async function problemOf(answer: Response): Promise<Problem> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  const problem = (await answer.json()) as Problem
  expect(problem).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status: answer.status,
    detail: expect.any(String),
    requestId: answer.headers.get('x-request-id'),
  })
  return problem
}

describe('a request', () => {
  it('becomes one input, one call and one response', async () => {
    const answer = await post('/v1/videos', { title: 'Sea', tags: ['blue'] })
    expect(answer.status).toBe(201)
    expect(await answer.json()).toMatchObject({ title: 'Sea', tags: ['blue'], visibility: 'private' })
  })

  it('passes on the caller, the client and the request id', async () => {
    const calls: unknown[] = []
    auth.on.getMe = async (_input, call) => {
      calls.push(call)
      throw new Error('enough')
    }
    const userId = crypto.randomUUID()
    const sessionId = crypto.randomUUID()
    await request('/v1/auth/me', {
      headers: { ...signedIn(userId, sessionId), 'user-agent': 'test', 'x-request-id': 'my-request.1' },
    })
    expect(calls).toMatchObject([
      {
        actor: { kind: 'user', userId, sessionId, role: 'user' },
        client: { ip: '127.0.0.1', userAgent: 'test' },
        requestId: 'my-request.1',
      },
    ])
  })

  it('keeps its id if that is harmless, and gets one otherwise', async () => {
    const kept = await request('/livez', { headers: { 'x-request-id': 'A-z_0.9' } })
    expect(kept.headers.get('x-request-id')).toBe('A-z_0.9')
    for (const bad of ['with space', 'x'.repeat(65), '{}']) {
      const answer = await request('/livez', { headers: { 'x-request-id': bad } })
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  it('without a body needs no content type', async () => {
    auth.on.logout = async () => ({ sessionId: crypto.randomUUID() })
    const answer = await request('/v1/auth/logout', { method: 'POST', headers: signedIn() })
    expect(answer.status).toBe(204)
    expect(await answer.text()).toBe('')
  })

  it('of a list passes its query on, with types', async () => {
    media.addVideo()
    media.addVideo()
    const answer = await request('/v1/videos?limit=1', { headers: signedIn() })
    expect(await answer.json()).toMatchObject({ items: [{ title: expect.any(String) }], nextCursor: null })
  })
})

describe('a bad request', () => {
  it.each([
    ['not JSON', '{"title":', 'MALFORMED_JSON', 400],
    ['a bare string', '"title"', 'VALIDATION_FAILED', 400],
    ['a list', '[]', 'VALIDATION_FAILED', 400],
    ['wrong types', '{"title":7,"tags":"x"}', 'VALIDATION_FAILED', 400],
    ['unknown fields', '{"title":"x","owner":"me"}', 'VALIDATION_FAILED', 400],
    ['a prototype', '{"title":"x","__proto__":{"visibility":"public"}}', 'VALIDATION_FAILED', 400],
    ['deep nesting', `{"title":"x","tags":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 'VALIDATION_FAILED', 400],
    ['more than 100 KB', JSON.stringify({ title: 'x'.repeat(110_000) }), 'BODY_TOO_LARGE', 413],
    ['more than any buffer', JSON.stringify({ title: 'x'.repeat(5_000_000) }), 'BODY_TOO_LARGE', 413],
  ])('with %s is refused', async (_what, body, code, status) => {
    const headers = { ...signedIn(), 'content-type': 'application/json' }
    const answer = await request('/v1/videos', { method: 'POST', headers, body })
    expect(answer.status).toBe(status)
    expect((await problemOf(answer)).code).toBe(code)
  })

  it('names each bad field', async () => {
    const problem = await problemOf(await post('/v1/videos', { title: '', tags: ['ok', 3], colour: 'red' }))
    expect(problem.errors.map(({ path }) => path).sort()).toEqual(['colour', 'tags.1', 'title'])
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of type %s is refused',
    async (type) => {
      const headers = { ...signedIn(), 'content-type': type }
      const answer = await request('/v1/videos', { method: 'POST', headers, body: '{"title":"x"}' })
      expect(answer.status).toBe(415)
      expect((await problemOf(answer)).code).toBe('UNSUPPORTED_MEDIA_TYPE')
    },
  )

  it.each(['utf-7', 'UTF-7', '"utf-7"', 'utf-16', 'utf-16le', 'utf-32', 'iso-8859-1', 'nonsense'])(
    'in the charset %s is refused',
    async (charset) => {
      const headers = { ...signedIn(), 'content-type': `application/json; charset=${charset}` }
      const answer = await request('/v1/videos', { method: 'POST', headers, body: '{"title":"x"}' })
      expect(answer.status).toBe(415)
      expect((await problemOf(answer)).code).toBe('UNSUPPORTED_MEDIA_TYPE')
    },
  )

  it.each(['utf-8', 'UTF-8', '"utf-8"'])('in the charset %s is taken', async (charset) => {
    const headers = { ...signedIn(), 'content-type': `application/json; charset=${charset}` }
    expect((await request('/v1/videos', { method: 'POST', headers, body: '{"title":"x"}' })).status).toBe(201)
  })

  it.each([
    ['GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['GET /livez HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n'],
    ['GET http://a/livez HTTP/1.1\r\nhost: a\r\nX: y\r\nhost: \r\n\r\n'],
  ])('with two hosts is refused: %j', async (text) => {
    const { received } = await rawHttp(gateway.port, [text], (answer) => answer.includes('requestId'))
    expect(received).toContain('HTTP/1.1 400')
  })

  it('with a token that is malformed in any way is refused, without a fault', async () => {
    const part = (value: unknown) =>
      Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
    const heads = [
      '',
      'x',
      'null',
      '[]',
      '7',
      '{',
      {},
      { kid: null },
      { kid: 7 },
      { typ: 'JWT', alg: 'ES256' },
      { typ: 'JWT', alg: 'HS256', kid: 'x' },
    ]
    const bodies = ['', 'x', 'null', '{', '{}', { exp: 1e300 }, '\u0000']
    for (const token of heads.flatMap((head) => bodies.map((body) => `${part(head)}.${part(body)}.c2ln`))) {
      const answer = await request('/v1/videos', { headers: { authorization: `Bearer ${token}` } })
      expect({ token, status: answer.status }).toEqual({ token, status: 401 })
    }
  })

  it('that is compressed is refused, not decompressed', async () => {
    const headers = { ...signedIn(), 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const answer = await request('/v1/videos', { method: 'POST', headers, body: 'x' })
    expect((await problemOf(answer)).code).toBe('UNSUPPORTED_MEDIA_TYPE')
  })

  it('may not have a field of its path in its body', async () => {
    const { id } = media.addVideo()
    const init = jsonBody({ videoId: crypto.randomUUID(), title: 'x' }, 'PATCH')
    const answer = await request(`/v1/videos/${id}`, { ...init, headers: { ...init.headers, ...signedIn() } })
    expect((await problemOf(answer)).errors).toEqual([{ path: 'videoId', message: 'Unknown field' }])
  })

  it.each(['?limit=0', '?limit=x', '?limit=1&limit=2', '?owner=me', '?sort=size', '?q='])(
    'with the query %s is refused',
    async (query) => {
      const problem = await problemOf(await request(`/v1/videos${query}`, { headers: signedIn() }))
      expect(problem.code).toBe('VALIDATION_FAILED')
    },
  )

  it('with a query on a route without one is refused', async () => {
    const problem = await problemOf(await post('/v1/auth/login?password=secret', { email: 'a@b.c', password: 'x' }))
    expect(problem.errors).toEqual([{ path: 'password', message: 'Unknown field' }])
  })

  it('with a malformed id is refused', async () => {
    const problem = await problemOf(await request('/v1/videos/7', { headers: signedIn() }))
    expect(problem).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'videoId' }] })
  })

  it('to a path that cannot be decoded is refused', async () => {
    const answer = await request('/v1/videos/%E0%A4%A', { headers: signedIn() })
    expect((await problemOf(answer)).code).toBe('BAD_REQUEST')
  })

  it('to an unknown path is 404, with an unknown method 405', async () => {
    expect((await problemOf(await request('/v2/videos'))).code).toBe('ROUTE_NOT_FOUND')
    const answer = await request('/v1/videos', { method: 'DELETE' })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('POST, GET, HEAD, OPTIONS')
    expect((await problemOf(answer)).code).toBe('METHOD_NOT_ALLOWED')
  })

  it('that is not HTTP gets a response, too', async () => {
    const { received } = await rawHttp(gateway.port, ['HELLO\r\n\r\n'])
    expect(received).toContain('HTTP/1.1 400')
    expect(received).toContain('"code":"BAD_REQUEST"')
  })

  it('with two lengths is refused, because they can hide a second request', async () => {
    const smuggled =
      'POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    const { received } = await rawHttp(gateway.port, [smuggled])
    expect(received).toContain('HTTP/1.1 400')
  })

  it('with huge headers is refused', async () => {
    const { received } = await rawHttp(gateway.port, [
      `GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    ])
    expect(received).toContain('HTTP/1.1 431')
    expect(received).toContain('"code":"HEADERS_TOO_LARGE"')
  })

  it('is answered before its body has arrived, and a reset does not lose the response', async () => {
    const head =
      'POST /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n'
    const { received, reset } = await rawHttp(gateway.port, [head, Buffer.alloc(9_000_000, 32)])
    expect(received).toContain('HTTP/1.1 401')
    expect(received.toLowerCase()).toContain('connection: close')
    expect(reset).toBe(false)
  })
})

describe('a response', () => {
  it('has the security headers and does not name Express', async () => {
    const { headers } = await request('/v1/videos', { headers: signedIn() })
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('etag')).toBeNull()
  })

  it('to HEAD is the one to GET without the body', async () => {
    const { id } = media.addVideo()
    const answer = await request(`/v1/videos/${id}`, { method: 'HEAD', headers: signedIn() })
    expect(answer.status).toBe(200)
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(100)
  })

  it('to an internal error has no details, but the log has all', async () => {
    auth.on.updateMe = async () => {
      throw new TypeError('at /srv/secret-place')
    }
    const init = jsonBody({ displayName: 'Ann' }, 'PATCH')
    const answer = await request('/v1/auth/me', { ...init, headers: { ...init.headers, ...signedIn() } })
    const problem = await problemOf(answer)
    expect(problem).toMatchObject({ status: 500, code: 'INTERNAL' })
    expect(JSON.stringify(problem)).not.toContain('secret-place')
    expect(gateway.log.some((line) => line.includes(problem.requestId) && line.includes('request failed'))).toBe(true)
  })

  it('has the code of a service with its status, fields and Retry-After', async () => {
    auth.on.login = async () => {
      throw new AppError('TOO_BUSY', { retryAfterMs: 2500 })
    }
    const answer = await post('/v1/auth/login', { email: 'a@kinora.test', password: 'x' })
    expect(answer.headers.get('retry-after')).toBe('3')
    expect(await problemOf(answer)).toMatchObject({
      status: 503,
      code: 'TOO_BUSY',
      retryable: true,
      retryAfterMs: 2500,
    })
  })
})

describe('the log', () => {
  it('has a line for each request, without secrets', async () => {
    const { headers } = jsonBody({})
    const body = JSON.stringify({ email: 'ann@kinora.test', password: 'hunter2-hunter2' })
    const authorization = signedIn().authorization ?? ''
    await request('/v1/auth/login', { method: 'POST', headers, body })
    await request('/v1/videos?q=private-search', { headers: { authorization } })
    await request('/play/secret.playback-token/master.m3u8')
    const lines = gateway.log.join('')
    expect(lines).toContain('"path":"/v1/auth/login"')
    expect(lines).toContain('"path":"/play/[token]/master.m3u8"')
    expect(lines).toContain('"route":"/v1/auth/login"')
    for (const secret of ['hunter2', 'secret.playback-token', 'private-search', authorization.slice(-40)]) {
      expect(lines).not.toContain(secret)
    }
  })
})

describe('a playback token', () => {
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6IngifQ.c2lnbmF0dXJl'

  it.each([
    `/play/${token}/master.m3u8`,
    `//play/${token}/master.m3u8`,
    `/play//${token}`,
    `/%70lay/${token}`,
    `http://host/play/${token}/master.m3u8`,
    `HTTP://host:80//play/${token}`,
    `/v1/videos/${token}`,
    `/nowhere/${token}?token=${token}#${token}`,
  ])('in %s is not in the log', async (target) => {
    const before = gateway.log.length
    await rawHttp(gateway.port, [`GET ${target} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${token}\r\n\r\n`], (text) =>
      text.includes('\r\n\r\n'),
    )
    await until(() => gateway.log.length > before)
    expect(gateway.log.slice(before).join('')).not.toContain(token.slice(0, 20))
  })

  it('in the message of a fault is not in the log', async () => {
    media.on.authorizePlayback = async () => {
      throw new TypeError(`cannot read ${token}`)
    }
    const answer = await request(`/play/${token}/master.m3u8`)
    expect(answer.status).toBe(500)
    const { requestId } = await problemOf(answer)
    await until(() => gateway.log.some((line) => line.includes(requestId)))
    expect(gateway.log.join('')).not.toContain(token)
  })
})

describe('a web page', () => {
  it('of a listed origin may call', async () => {
    const origin = 'http://kinora.test'
    const answer = await request('/v1/videos', { headers: { ...signedIn(), origin } })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
    const preflight = await request('/v1/videos', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization')
  })

  it('of another origin is refused by the preflight and cannot read a response', async () => {
    const origin = 'https://evil.test'
    const ask = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
    for (const options of [{ method: 'OPTIONS', headers: ask }, { headers: { ...signedIn(), origin } }]) {
      const answer = await request('/v1/videos', options)
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
      expect(answer.headers.get('vary')).toContain('Origin')
    }
  })
})

describe('a slow client', () => {
  it('that never finishes its headers gets 408 and is disconnected', async () => {
    const { received } = await rawHttp(gateway.port, ['GET /livez HTTP/1.1\r\nHost: x\r\n'])
    expect(received).toContain('HTTP/1.1 408')
    expect(received).toContain('"code":"REQUEST_TIMEOUT"')
  })
})

describe('docs', () => {
  it('describe the API, work offline, and have a strict policy', async () => {
    expect(await (await request('/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' })
    const page = await request('/docs')
    const html = await page.text()
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    const files = [...html.matchAll(/src="([^"]+)"/g)].map(([, path]) => path ?? '')
    expect(files).toEqual(['/docs/reference.js', '/docs/start.js'])
    expect(html).not.toMatch(/(?:src|href)="https?:/)
    for (const file of files) expect((await request(file)).status, file).toBe(200)
  })

  it.each(['anything', 'index.html', 'package.json', 'a/swagger-ui-init.js', 'LICENSE', '%2e%2e/package.json'])(
    'have no %s',
    async (path) => {
      expect((await problemOf(await request(`/docs/${path}`))).code).toBe('ROUTE_NOT_FOUND')
    },
  )

  it('have their own files only', async () => {
    expect((await request('/docs/none.js')).status).toBe(404)
  })
})
