import { EventEmitter } from 'node:events'
import { connectDb, enqueueTask } from '@kinora/common/db'
import { createLogger } from '@kinora/common/service'
import { useTestEnvironment } from '@kinora/dev/harness'
import { afterAll, describe, expect, it } from 'vitest'
import type { Wake } from '../src/context.ts'
import type { MediaDb } from '../src/db/schema.ts'
import type { ReadCache } from '../src/infra/read-cache.ts'
import { transact } from '../src/operations/transact.ts'

const world = await useTestEnvironment()
const db = connectDb<MediaDb>({
  url: world.databaseUrl('media'),
  schema: 'media',
  logger: createLogger('test', 'silent'),
})
afterAll(() => db.destroy())

/** A context that writes down what follows a commit. */
function recorded() {
  const steps: string[] = []
  const wake = new EventEmitter<Wake>()
  for (const loop of ['outbox', 'playlists', 'erasures', 'webhooks'] as const) wake.on(loop, () => steps.push(loop))
  const cache: ReadCache = {
    read: (_ownerId, _key, load) => load(),
    evict: async (ownerId) => {
      await new Promise((resolve) => setImmediate(resolve))
      steps.push(`evicted ${ownerId}`)
    },
    state: () => 'off',
    close: () => {},
  }
  return { steps, ctx: { db, cache, wake } }
}

describe('a transaction', () => {
  it('evicts cached answers before it wakes the outbox relay and another loop', async () => {
    const { steps, ctx } = recorded()
    const result = await transact(
      ctx,
      async (tx) => {
        await enqueueTask(tx, {})
        return 'ann'
      },
      { evict: (owner) => owner, wake: () => 'playlists' },
    )
    expect(result).toBe('ann')
    expect(steps).toEqual(['evicted ann', 'outbox', 'playlists'])
  })

  it('does not wake the relay without anything to send', async () => {
    const { steps, ctx } = recorded()
    await transact(ctx, async () => undefined, { evict: (owner) => owner, wake: () => undefined })
    expect(steps).toEqual([])
  })

  it('neither evicts nor wakes when it is rolled back', async () => {
    const { steps, ctx } = recorded()
    const failing = transact(
      ctx,
      async (tx) => {
        await enqueueTask(tx, {})
        throw new Error('no')
      },
      { evict: () => 'ann', wake: () => 'playlists' },
    )
    await expect(failing).rejects.toThrow('no')
    expect(steps).toEqual([])
  })
})
