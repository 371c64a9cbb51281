import { randomBytes, randomUUID } from 'node:crypto'
import { connectBus } from '@kinora/common/bus'
import { auth } from '@kinora/common/contracts'
import { createMetrics, Health, Lifecycle } from '@kinora/common/service'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { authConfig } from '../../auth/src/config.ts'
import { startAuth } from '../../auth/src/service.ts'
import { AUDIENCE, ISSUER } from './support/access-tokens.ts'
import { startTestGateway, type TestGateway } from './support/start-test-gateway.ts'
import { jsonBody } from './support/use-gateway.ts'

const world = await useTestEnvironment()
const life = new Lifecycle()
afterAll(() => life.close())
const logger = pino({ level: 'silent' })

const secret = () => randomBytes(32).toString('base64')
const config = authConfig.parse({
  AMQP_URL: world.amqpUrl('auth'),
  DATABASE_URL: world.databaseUrl('auth'),
  KEY_ENCRYPTION_KEY: secret(),
  REFRESH_SECRET: secret(),
  PASSWORD_PEPPER: secret(),
  BCRYPT_COST: '10',
  ISSUER,
  AUDIENCE,
})
// The first keys were created an hour ago.
let clock = () => new Date(Date.now() - 3_600_000)
for (const name of ['auth 1', 'auth 2'])
  await startAuth({ life, health: new Health(), metrics: createMetrics(name), logger }, config, { now: () => clock() })
clock = () => new Date()
const bus = life.use(await connectBus({ url: world.amqpUrl('operator'), service: 'operator', logger }), 'bus', (it) =>
  it.drain(),
)
const gateways = [await start(), await start()]

async function start(): Promise<TestGateway> {
  const gateway = await startTestGateway(world)
  life.use(gateway, 'gateway', (it) => it.life.close())
  await until(async () => (await gateway.health.report()).ready)
  return gateway
}

interface Tokens {
  accessToken: string
  refreshToken: string
}

const [first] = gateways
async function post(path: string, body: unknown): Promise<Tokens> {
  return (await (await fetch(`${first?.url}${path}`, jsonBody(body))).json()) as Tokens
}
const register = () =>
  post('/v1/auth/register', { email: `${randomUUID()}@kinora.test`, password: 'correct horse battery' })
const refresh = ({ refreshToken }: Tokens) => post('/v1/auth/refresh', { refreshToken })

/** The answers of all gateways to a token: `OK` or an error code. */
async function verdicts(accessToken: string): Promise<Set<string>> {
  const headers = { authorization: `Bearer ${accessToken}` }
  const answers = await Promise.all(gateways.map(({ url }) => fetch(`${url}/v1/auth/me`, { headers })))
  const codes = answers.map(async (answer) => (answer.ok ? 'OK' : ((await answer.json()) as { code: string }).code))
  return new Set(await Promise.all(codes))
}

const asOperator = () => ({ actor: { kind: 'service', name: 'operator' } as const, requestId: randomUUID() })
const keyOf = (accessToken: string): string =>
  JSON.parse(Buffer.from(accessToken.split('.')[0] ?? '', 'base64url').toString()).kid
async function currentKey(): Promise<string> {
  const { keys } = await bus.call(auth.listKeys, {}, asOperator())
  return keys.find(({ stage }) => stage === 'current')?.kid ?? ''
}
const rotate = () => bus.call(auth.rotateKeys, {}, asOperator())
const retire = (kid: string) => bus.call(auth.retireKey, { kid, reason: 'a test' }, asOperator())

describe('with two auth processes and two gateways', () => {
  it('a rotation ends no session, and all gateways accept the first new token', async () => {
    const before = await register()
    await rotate()
    const kid = await currentKey()
    expect(await verdicts(before.accessToken)).toEqual(new Set(['OK']))
    // Until both processes have seen the rotation, either key signs. All gateways know both.
    await until(async () => {
      const { accessToken } = await register()
      expect(await verdicts(accessToken)).toEqual(new Set(['OK']))
      return keyOf(accessToken) === kid
    })
    expect(await verdicts(before.accessToken)).toEqual(new Set(['OK']))
  })

  it('a retired key is refused everywhere within seconds, and a refresh helps', async () => {
    const tokens = await register()
    expect(await verdicts(tokens.accessToken)).toEqual(new Set(['OK']))
    // Not the current one: the other process may not have seen the rotation yet and have signed with the key before.
    await retire(keyOf(tokens.accessToken))
    await until(async () => !(await verdicts(tokens.accessToken)).has('OK'), { timeoutMs: 15_000, every: 20 })
    expect(await verdicts(tokens.accessToken)).toEqual(new Set(['KEY_RETIRED']))
    await until(async () => {
      const renewed = await refresh(tokens)
      return (await verdicts(renewed.accessToken)).has('OK')
    })
  })

  it('a retired key is known to a gateway that starts later', async () => {
    const { accessToken } = await register()
    await retire(keyOf(accessToken))
    const late = await start()
    const answer = await fetch(`${late.url}/v1/auth/me`, { headers: { authorization: `Bearer ${accessToken}` } })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await answer.json()).toMatchObject({ code: 'KEY_RETIRED' })
  })
})
