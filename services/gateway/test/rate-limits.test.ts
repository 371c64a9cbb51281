import type { AddressInfo } from 'node:net'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { AppError } from '@kinora/common/errors'
import { until } from '@kinora/dev/harness'
import { afterAll, describe, expect, it } from 'vitest'
import { jsonBody, useGateway } from './support/use-gateway.ts'

/** A proxy between the gateway and Redis: `up`, `stalled` (accepts bytes, sends nothing) or `down`. */
async function redisProxy(redisUrl: string) {
  const { hostname, port, username, password } = new URL(redisUrl)
  let state: 'up' | 'stalled' | 'down' = 'up'
  const sockets = new Set<Socket>()
  const server: Server = createServer((client) => {
    if (state === 'down') return client.destroy()
    const upstream = dial(Number(port), hostname)
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => socket.destroy()))
    client.on('data', (bytes) => state === 'up' && upstream.write(bytes))
    upstream.on('data', (bytes) => state === 'up' && client.write(bytes))
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`)
  Object.assign(url, { username, password })
  return {
    url: url.href,
    set(next: typeof state) {
      state = next
      if (next === 'down') for (const socket of sockets) socket.destroy()
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const { world, media, auth, another, signedIn } = await useGateway()
auth.on.login = async () => {
  throw new AppError('INVALID_CREDENTIALS')
}
auth.on.register = async () => {
  throw new AppError('EMAIL_TAKEN')
}
auth.on.refresh = async () => {
  throw new AppError('REFRESH_INVALID')
}
const proxy = await redisProxy(world.redisUrl)
afterAll(() => proxy.close())

const login = (url: string, email: string, headers: Record<string, string> = {}) => {
  const init = jsonBody({ email, password: 'x' })
  return fetch(`${url}/v1/auth/login`, { ...init, headers: { ...init.headers, ...headers } })
}
const statuses = async (n: number, send: (i: number) => Promise<Response>) => {
  const seen: number[] = []
  for (let i = 0; i < n; i++) seen.push((await send(i)).status)
  return seen
}

describe('signing in', () => {
  it('is limited by account, from all addresses and in any spelling of the mail address', async () => {
    const { url } = await another({ RATE_LIMIT_LOGIN: '3/60', TRUSTED_PROXIES: '127.0.0.1' })
    const spellings = ['ann@kinora.test', 'ANN@kinora.test ', 'ａｎｎ@kinora.test', 'aｎn@kinora.test']
    const seen = await statuses(4, (i) => login(url, spellings[i] ?? '', { 'x-forwarded-for': `192.0.2.${i}` }))
    expect(seen).toEqual([401, 401, 401, 429])
  })

  it('is limited by address, for all accounts', async () => {
    const { url } = await another({ RATE_LIMIT_LOGIN: '3/60' })
    expect(await statuses(4, (i) => login(url, `${i}@kinora.test`))).toEqual([401, 401, 401, 429])
  })

  it('is limited even if the body is malformed', async () => {
    const { url } = await another({ RATE_LIMIT_LOGIN: '2/60' })
    const send = () => fetch(`${url}/v1/auth/login`, { method: 'POST', body: '{', headers: jsonBody(0).headers })
    expect(await statuses(3, send)).toEqual([400, 400, 429])
  })

  it('has separate limits, which are in the headers', async () => {
    const { url } = await another({ RATE_LIMIT_LOGIN: '2/60', RATE_LIMIT_REGISTER: '1/60' })
    const first = await login(url, 'ann@kinora.test')
    expect(first.headers.get('ratelimit-policy')).toBe('"login";q=2;w=60, "account";q=2;w=60')
    expect(first.headers.get('ratelimit')).toMatch(/^"login";r=1;t=\d+, "account";r=1;t=\d+$/)
    await login(url, 'ann@kinora.test')
    const refused = await login(url, 'ann@kinora.test')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
    const register = () =>
      fetch(`${url}/v1/auth/register`, jsonBody({ email: 'b@kinora.test', password: 'long enough' }))
    expect(await statuses(2, register)).toEqual([409, 429])
  })
})

describe('guessing the password of one account', () => {
  it('from many addresses, concurrently, at several gateways, gets only the attempts of the account, and ends no session', async () => {
    const env = {
      RATE_LIMIT_LOGIN: '10/60',
      RATE_LIMIT_REFRESH: '10/60',
      TRUSTED_PROXIES: '127.0.0.1',
      REDIS_PREFIX: `${world.redisPrefix}guessing:`,
    }
    const gateways = [await another(env), await another(env)]
    // The first request of a gateway is slow, and a slow Redis is not waited for.
    for (const { url } of gateways) await fetch(`${url}/v1/videos`, { headers: signedIn() })
    const before = auth.calls.login ?? 0
    const guesses = Array.from({ length: 24 }, (_, i) =>
      login(gateways[i % 2]?.url ?? '', 'victim@kinora.test', { 'x-forwarded-for': `198.51.100.${i}` }),
    )
    const seen = (await Promise.all(guesses)).map(({ status }) => status)
    expect(seen.filter((status) => status === 401)).toHaveLength(10)
    expect((auth.calls.login ?? 0) - before).toBe(10)
    for (const { url } of gateways) {
      expect((await fetch(`${url}/v1/videos`, { headers: signedIn() })).status).toBe(200)
      const refresh = await fetch(`${url}/v1/auth/refresh`, jsonBody({ refreshToken: 'AQIDBAUGBwgJCgsMDQ4PEBES' }))
      // It reached auth, whose handler in this test refuses it.
      expect(await refresh.json()).toMatchObject({ code: 'REFRESH_INVALID' })
    }
  })

  it('does not keep out its owner, whose client has signed in before; a forged or foreign token counts as none', async () => {
    const { url } = await another({ RATE_LIMIT_LOGIN: '3/60', TRUSTED_PROXIES: '127.0.0.1' })
    auth.on.resolveDevice = async ({ email, deviceToken }) => ({
      deviceId: email === 'owner@kinora.test' && deviceToken === 'known' ? 'laptop' : null,
    })
    let address = 0
    const attempt = (headers: Record<string, string> = {}, deviceToken?: string, email = 'owner@kinora.test') => {
      const init = jsonBody({ email, password: 'x', ...(deviceToken && { deviceToken }) })
      const all = { ...init.headers, 'x-forwarded-for': `192.0.2.${address++}`, ...headers }
      return fetch(`${url}/v1/auth/login`, { ...init, headers: all })
    }
    expect(await statuses(4, () => attempt())).toEqual([401, 401, 401, 429])
    expect(await statuses(1, () => attempt({ cookie: '__Host-kinora_device=forged' }))).toEqual([429])
    expect(await statuses(1, () => attempt({ cookie: `__Host-kinora_device=${'x'.repeat(500)}` }))).toEqual([429])
    expect(await statuses(1, () => attempt({}, 'forged'))).toEqual([429])
    expect(await statuses(2, () => attempt({ cookie: 'a=b; __Host-kinora_device=known' }))).toEqual([401, 401])
    expect(await statuses(2, () => attempt({}, 'known'))).toEqual([401, 429])
    expect(
      await statuses(4, () => attempt({ cookie: '__Host-kinora_device=known' }, undefined, 'other@kinora.test')),
    ).toEqual([401, 401, 401, 429])
  })

  it('from one address gets only the attempts of the address', async () => {
    const { url } = await another({ RATE_LIMIT_LOGIN: '10/60' })
    const before = auth.calls.login ?? 0
    await Promise.all(Array.from({ length: 40 }, (_, i) => login(url, `${i % 4}@kinora.test`)))
    expect((auth.calls.login ?? 0) - before).toBe(10)
  })
})

describe('refreshing', () => {
  it('is limited by session, although each token differs', async () => {
    const { url } = await another({ RATE_LIMIT_REFRESH: '2/60', TRUSTED_PROXIES: '127.0.0.1' })
    const session = 'AQIDBAUGBwgJCgsMDQ4PEBES'
    const send = (i: number) => {
      const init = jsonBody({ refreshToken: `${session}${i}` })
      return fetch(`${url}/v1/auth/refresh`, {
        ...init,
        headers: { ...init.headers, 'x-forwarded-for': `192.0.2.${i}` },
      })
    }
    expect(await statuses(3, send)).toEqual([401, 401, 429])
  })
})

describe('changing the password', () => {
  auth.on.changePassword = async () => {
    throw new AppError('PASSWORD_WRONG')
  }
  const change = (url: string, headers: Record<string, string>, address: string) => {
    const init = jsonBody({ currentPassword: 'x', newPassword: 'long enough' })
    const all = { ...init.headers, ...headers, 'x-forwarded-for': address }
    return fetch(`${url}/v1/auth/password`, { ...init, headers: all })
  }

  it('is limited by user from all addresses, and by address for all users', async () => {
    const { url } = await another({ RATE_LIMIT_PASSWORD: '2/60', TRUSTED_PROXIES: '127.0.0.1' })
    const ann = signedIn()
    expect(await statuses(3, (i) => change(url, ann, `192.0.2.${i}`))).toEqual([403, 403, 429])
    expect(await statuses(3, () => change(url, signedIn(), '192.0.2.9'))).toEqual([403, 403, 429])
  })
})

describe('the second step of a sign-in', () => {
  auth.on.finishLogin = async () => {
    throw new AppError('MFA_CODE_INVALID')
  }
  const guess = (url: string, mfaToken: string, address: string) => {
    const init = jsonBody({ mfaToken, code: '123456' })
    return fetch(`${url}/v1/auth/mfa`, { ...init, headers: { ...init.headers, 'x-forwarded-for': address } })
  }

  it('is limited by sign-in, from all addresses', async () => {
    const { url } = await another({ RATE_LIMIT_MFA: '3/60', TRUSTED_PROXIES: '127.0.0.1' })
    expect(await statuses(4, (i) => guess(url, 'one', `192.0.2.${i}`))).toEqual([401, 401, 401, 429])
  })

  it('is limited by address, for all sign-ins', async () => {
    const { url } = await another({ RATE_LIMIT_MFA: '3/60', TRUSTED_PROXIES: '127.0.0.1' })
    expect(await statuses(4, (i) => guess(url, `${i}`, '192.0.2.1'))).toEqual([401, 401, 401, 429])
  })

  it('passes on the Retry-After of auth', async () => {
    auth.on.finishLogin = async () => {
      throw new AppError('MFA_LOCKED', { retryAfterMs: 300_000 })
    }
    const { url } = await another({})
    const refused = await guess(url, 'one', '192.0.2.1')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '300'])
    expect(await refused.json()).toMatchObject({ code: 'MFA_LOCKED', retryable: true })
  })
})

describe('mails', () => {
  auth.on.forgotPassword = async () => ({})
  auth.on.verifyEmail = async () => {
    throw new AppError('MAIL_TOKEN_INVALID')
  }
  const post = (url: string, path: string, body: object, address: string) => {
    const init = jsonBody(body)
    return fetch(`${url}${path}`, { ...init, headers: { ...init.headers, 'x-forwarded-for': address } })
  }

  it('are limited by recipient in any spelling, and by client address', async () => {
    const { url } = await another({ RATE_LIMIT_MAIL: '2/60', TRUSTED_PROXIES: '127.0.0.1' })
    const ask = (email: string, address: string) => post(url, '/v1/auth/password/forgot', { email }, address)
    const spellings = ['ann@kinora.test', 'ANN@kinora.test', 'Ann@kinora.test']
    expect(await statuses(3, (i) => ask(spellings[i] ?? '', `192.0.2.${i}`))).toEqual([202, 202, 429])
    expect(await statuses(3, (i) => ask(`${i}@kinora.test`, '192.0.2.9'))).toEqual([202, 202, 429])
  })

  it('of registrations are limited by recipient, too', async () => {
    auth.on.register = async () => {
      throw new AppError('EMAIL_TAKEN')
    }
    const { url } = await another({ RATE_LIMIT_MAIL: '2/60', TRUSTED_PROXIES: '127.0.0.1' })
    const credentials = { email: 'ann@kinora.test', password: 'correct horse battery' }
    const register = (i: number) => post(url, '/v1/auth/register', credentials, `192.0.2.${i}`)
    expect(await statuses(3, register)).toEqual([409, 409, 429])
  })

  it('have tokens whose attempts are limited', async () => {
    const { url } = await another({ RATE_LIMIT_MAIL_TOKEN: '2/60' })
    const guess = (i: number) => post(url, '/v1/auth/email/verify', { token: `guess ${i}` }, '192.0.2.1')
    expect(await statuses(3, guess)).toEqual([400, 400, 429])
  })
})

describe('everything else', () => {
  it('is limited by address for anonymous clients and by user for others, separately', async () => {
    const { url } = await another({ RATE_LIMIT_ANONYMOUS: '2/60', RATE_LIMIT_USER: '3/60' })
    const { id } = media.addVideo({ visibility: 'public' })
    const get = (headers: Record<string, string>) => fetch(`${url}/v1/videos/${id}`, { headers })
    expect(await statuses(3, () => get({}))).toEqual([200, 200, 429])
    const [ann, bob] = [signedIn(), signedIn()]
    expect(await statuses(4, () => get(ann))).toEqual([200, 200, 200, 429])
    expect((await get(bob)).status).toBe(200)
  })

  it('counts guessed tokens as anonymous requests', async () => {
    const { url } = await another({ RATE_LIMIT_ANONYMOUS: '2/60' })
    const guess = (i: number) => fetch(`${url}/v1/videos`, { headers: { authorization: `Bearer guess${i}` } })
    expect(await statuses(3, guess)).toEqual([401, 401, 429])
  })

  it('counts concurrent requests exactly', async () => {
    const { url } = await another({ RATE_LIMIT_USER: '10/60' })
    const headers = signedIn()
    const answers = await Promise.all(Array.from({ length: 40 }, () => fetch(`${url}/v1/videos`, { headers })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10)
  })

  it('is counted for all gateways together', async () => {
    const env = { RATE_LIMIT_USER: '4/60', REDIS_PREFIX: `${world.redisPrefix}shared:` }
    const gateways = [await another(env), await another(env)]
    const headers = signedIn()
    const seen = await statuses(5, (i) => fetch(`${gateways[i % 2]?.url}/v1/videos`, { headers }))
    expect(seen).toEqual([200, 200, 200, 200, 429])
  })
})

describe('the address of a client', () => {
  it('is not taken from an unknown proxy', async () => {
    const { url } = await another({ RATE_LIMIT_LOGIN: '2/60' })
    const send = (i: number) => login(url, `${i}@kinora.test`, { 'x-forwarded-for': `192.0.2.${i}` })
    expect(await statuses(3, send)).toEqual([401, 401, 429])
  })

  it('is the one before the trusted proxies, not one that a client adds further left', async () => {
    const { url } = await another({ RATE_LIMIT_LOGIN: '2/60', TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.0/8' })
    const send = (i: number) =>
      login(url, `${i}@kinora.test`, { 'x-forwarded-for': `198.51.100.${i}, 192.0.2.9, 10.1.1.1` })
    expect(await statuses(3, send)).toEqual([401, 401, 429])
  })

  it('of IPv6 is counted by /64', async () => {
    const { url } = await another({ RATE_LIMIT_LOGIN: '2/60', TRUSTED_PROXIES: '127.0.0.1' })
    const send = (i: number) => login(url, `${i}@kinora.test`, { 'x-forwarded-for': `2001:db8:1:2:${i}::${i}` })
    expect(await statuses(3, send)).toEqual([401, 401, 429])
  })
})

describe('without Redis', () => {
  it('a gateway counts in its memory, also the strict limits, and returns to Redis when it is back', async () => {
    const { url, health, metrics } = await another({ RATE_LIMIT_LOGIN: '2/60', REDIS_URL: proxy.url })
    proxy.set('down')
    await until(async () => (await health.report()).checks.redis?.detail?.degraded)
    expect(await statuses(3, (i) => login(url, `${i}@kinora.test`))).toEqual([401, 401, 429])
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(await metrics()).toMatch(/kinora_rate_limiter_fallback_total\{[^}]*\} [1-9]/)
    proxy.set('up')
    await until(async () => !(await health.report()).checks.redis?.detail?.degraded)
    expect(await statuses(1, (i) => login(url, `${i}@kinora.test`))).toEqual([429])
    expect((await fetch(`${url}/v1/videos`, { headers: signedIn() })).status).toBe(200)
  })

  it('a Redis that accepts commands but does not answer is not waited for again and again', async () => {
    const { url, health } = await another({ REDIS_URL: proxy.url })
    proxy.set('stalled')
    const headers = signedIn()
    await fetch(`${url}/v1/videos`, { headers })
    expect((await health.report()).checks.redis?.detail?.degraded).toBe(true)
    expect(await statuses(5, () => fetch(`${url}/v1/videos`, { headers }))).toEqual([200, 200, 200, 200, 200])
    proxy.set('up')
  })
})
