import { randomBytes, randomUUID } from 'node:crypto'
import { sealApiKey } from '@kinora/common/api-key'
import { AppError } from '@kinora/common/errors'
import { privateTestEnvironment, until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import type { TestGateway } from './support/start-test-gateway.ts'
import { jsonBody, useGateway } from './support/use-gateway.ts'

const { redisUrl, servers } = await privateTestEnvironment()
const { auth, another } = await useGateway()
auth.on.login = async () => {
  throw new AppError('INVALID_CREDENTIALS')
}

const login = async ({ url }: TestGateway, email: string) =>
  (await fetch(`${url}/v1/auth/login`, jsonBody({ email, password: 'x' }))).status
const isDegraded = async ({ health }: TestGateway) => (await health.report()).checks.redis?.detail?.degraded === true

describe.each([
  ['killed', () => servers.redis.kill(), () => servers.redis.start()],
  ['stopped', () => servers.redis.stop(), () => servers.redis.start()],
  ['paused', () => servers.redis.pause(), () => servers.redis.resume()],
])('when Redis is %s', (what, down, up) => {
  const start = () =>
    another({ RATE_LIMIT_LOGIN: '4/3600', REDIS_URL: redisUrl, REDIS_PREFIX: `${what}:`, TRUSTED_PROXIES: '' })

  it('windows continue for all gateways, and continue again when it is back', async () => {
    const [first, second] = [await start(), await start()]
    const seen = [await login(first, 'ann@kinora.test'), await login(first, 'ann@kinora.test')]
    await down()
    try {
      for (let i = 0; i < 3; i++) seen.push(await login(first, 'ann@kinora.test'))
      expect(seen).toEqual([401, 401, 401, 401, 429])
      expect(await isDegraded(first)).toBe(true)
    } finally {
      await up()
    }
    await until(async () => !(await isDegraded(first)) && !(await isDegraded(second)))
    expect(await login(first, 'ann@kinora.test')).toBe(429)
    // What was counted meanwhile is added to Redis, even if that has lost its data.
    await until(async () => (await login(second, 'ann@kinora.test')) === 429, { timeoutMs: 15_000 })
  })

  it('requests are answered', async () => {
    const gateway = await another({ RATE_LIMIT_LOGIN: '100/60', REDIS_URL: redisUrl })
    await down()
    try {
      await login(gateway, 'ann@kinora.test')
      expect(await isDegraded(gateway)).toBe(true)
      const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => login(gateway, `${i}@kinora.test`)))
      expect(new Set(answers)).toEqual(new Set([401]))
      expect(await isDegraded(gateway)).toBe(true)
    } finally {
      await up()
    }
  })
})

describe('several gateways without Redis', () => {
  it("grant their shares of an API key's own limit", async () => {
    const limits = { scopes: ['videos:read' as const], ratePerMinute: 6, expiresAt: null }
    const project = { projectId: randomUUID(), projectRole: 'owner' as const }
    auth.on.resolveApiKey = async () => ({
      ...{ id: randomUUID(), userId: randomUUID(), role: 'user' },
      ...{ ...project, ...limits },
    })
    const headers = { authorization: `Bearer ${sealApiKey(randomBytes(16).toString('hex'))}` }
    const env = { REDIS_URL: redisUrl, RATE_LIMIT_GATEWAYS: '2' }
    const gateways = [await another(env), await another(env)]
    await servers.redis.stop()
    try {
      const seen: number[] = []
      for (let i = 0; i < 6; i++)
        for (const { url } of gateways) seen.push((await fetch(`${url}/v1/videos`, { headers })).status)
      expect(seen.filter((status) => status === 200)).toHaveLength(6)
    } finally {
      await servers.redis.start()
    }
  })

  it('grant their shares of an allowance', async () => {
    const env = { RATE_LIMIT_LOGIN: '6/3600', REDIS_URL: redisUrl, RATE_LIMIT_GATEWAYS: '2' }
    const gateways = [await another(env), await another(env)]
    await servers.redis.stop()
    try {
      const seen: number[] = []
      for (let i = 0; i < 10; i++) for (const gateway of gateways) seen.push(await login(gateway, 'ann@kinora.test'))
      expect(seen.filter((status) => status === 401)).toHaveLength(6)
    } finally {
      await servers.redis.start()
    }
  })
})
