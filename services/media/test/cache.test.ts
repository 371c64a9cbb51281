import { randomUUID } from 'node:crypto'
import { createLogger } from '@kinora/common/service'
import { freePort, until, useTestEnvironment } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { type CacheClient, connectRedis, createReadCache, type ReadCache } from '../src/infra/read-cache.ts'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'

const world = await useTestEnvironment()
const logger = createLogger('test', 'silent')

async function redis(): Promise<CacheClient> {
  const client = connectRedis(world.redisUrl, world.redisPrefix, logger)
  world.use(client, 'client', (it) => it.close())
  await until(() => client.ready())
  return client
}

/** What a reader gets who asks again and again: the stored answer, or what the database says now. */
function reader(cache: ReadCache, owner: string, load: () => Promise<string>) {
  let loads = 0
  const read = () =>
    cache.read(owner, `video:${owner}`, async () => {
      loads += 1
      return await load()
    })
  return { read, loads: () => loads }
}

describe('the read cache', () => {
  it('answers without the database until something changes', async () => {
    const cache = createReadCache(await redis(), randomUUID, logger)
    const owner = randomUUID()
    let title = 'old'
    const { read, loads } = reader(cache, owner, async () => title)
    await read()
    await until(async () => (await read()) === 'old' && loads() === 1)
    title = 'new'
    await cache.evict(owner)
    expect(await read()).toBe('new')
    expect(loads()).toBe(2)
  })

  it('does not keep what was loaded before a change and stored after it', async () => {
    const cache = createReadCache(await redis(), randomUUID, logger)
    const other = createReadCache(await redis(), randomUUID, logger)
    const owner = randomUUID()
    const slow = cache.read(owner, `video:${owner}`, async () => {
      // Another process commits a change and says so while this one still holds the old row.
      await other.evict(owner)
      return 'old'
    })
    expect(await slow).toBe('old')
    const { read } = reader(other, owner, async () => 'new')
    for (let n = 0; n < 20; n++) expect(await read()).toBe('new')
  })

  it('keeps only what belongs to the reader', async () => {
    const cache = createReadCache(await redis(), randomUUID, logger)
    const owner = randomUUID()
    let loads = 0
    for (let n = 0; n < 3; n++)
      await cache.read(
        owner,
        'video:x',
        async () => ++loads,
        () => false,
      )
    expect(loads).toBe(3)
  })

  it('does not answer an owner whose change it could not be told of, and is told later', async () => {
    const client = await redis()
    let away = false
    const flaky: CacheClient = {
      ...client,
      put: (...put) => (away ? Promise.reject(new Error('away')) : client.put(...put)),
    }
    const cache = createReadCache(flaky, randomUUID, logger)
    const elsewhere = createReadCache(client, randomUUID, logger)
    const owner = randomUUID()
    let title = 'old'
    const here = reader(cache, owner, async () => title)
    const there = reader(elsewhere, owner, async () => title)
    await here.read()
    title = 'new'
    away = true
    await cache.evict(owner)
    expect(await here.read()).toBe('new')
    away = false
    await until(async () => (await there.read()) === 'new')
  })
})

describe('without Redis', () => {
  it('everything works and readiness says so', async () => {
    const port = await freePort()
    const { health, ctx } = await startTestMedia(world, { REDIS_URL: `redis://127.0.0.1:${port}` })
    const gateway = await connectGateway(world)
    const owner = someUser()
    const video = await gateway.createVideo(owner)
    expect(await gateway.getVideo(video.id, owner)).toEqual(video)
    expect(ctx.cache.state()).toBe('degraded')
    const report = await health.report()
    expect(report).toMatchObject({ ready: true, checks: { cache: { ok: true, detail: { state: 'degraded' } } } })
  })
})
