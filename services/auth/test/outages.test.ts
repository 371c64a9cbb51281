import { auth as methods } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { connectGateway, PASSWORD } from './support/gateway.ts'
import { startTestAuth } from './support/start-test-auth.ts'
import { startTcpProxy } from './support/tcp-proxy.ts'

const world = await useTestEnvironment()
const database = await startTcpProxy(world.databaseUrl('auth'))
const broker = await startTcpProxy(world.amqpUrl('auth'))
const auth = await startTestAuth(world, {
  config: {
    DATABASE_URL: database.through(world.databaseUrl('auth')),
    AMQP_URL: broker.through(world.amqpUrl('auth')),
  },
})
const gateway = await connectGateway(world)

afterEach(async () => {
  await Promise.all([database.heal(), broker.heal()])
  await until(async () => (await auth.health.report()).ready)
})
afterAll(async () => {
  await gateway.bus.drain()
  await auth.life.close()
  await Promise.all([database.close(), broker.close()])
})

describe('without its database', () => {
  it('answers at once that it is not there, says so when asked, and works again by itself', async () => {
    const { email, signedIn, actor } = await gateway.signUp()
    await database.cut()
    const attempts = [
      gateway.call(methods.login, { email, password: PASSWORD }, undefined, 3000),
      gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken }, undefined, 3000),
      gateway.call(methods.logout, {}, actor, 3000),
    ]
    for (const outcome of await Promise.allSettled(attempts)) {
      expect(outcome).toMatchObject({ reason: { code: 'DEPENDENCY_UNAVAILABLE', retryable: true } })
    }
    expect(await auth.health.report()).toMatchObject({ ready: false, checks: { database: { ok: false } } })

    await database.heal()
    await until(async () => (await auth.health.report()).ready)
    await expect(gateway.signIn(email)).resolves.toBeDefined()
  })

  it('still publishes its keys', async () => {
    await database.cut()
    expect((await gateway.call(methods.getJwks, {})).keys).toHaveLength(2)
  })

  it('does not hang when the database does', async () => {
    const { actor } = await gateway.signUp()
    database.freeze()
    const attempt = gateway.call(methods.getMe, {}, actor)
    await expect(attempt).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' })
    expect(await auth.health.report()).toMatchObject({ ready: false, checks: { database: { ok: false } } })
  })
})

describe('without the broker', () => {
  it('is not ready, and answers again once the broker is back', async () => {
    const { actor } = await gateway.signUp()
    await broker.cut()
    await until(async () => !(await auth.health.report()).ready)
    await expect(gateway.call(methods.getMe, {}, actor)).rejects.toMatchObject({ retryable: true })
    await broker.heal()
    await until(async () => (await gateway.call(methods.getMe, {}, actor)).id === actor.userId)
  })
})
