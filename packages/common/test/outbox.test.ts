import { randomUUID } from 'node:crypto'
import {
  connectDb,
  enqueueTask,
  firstTimeSeen,
  INBOX_DDL,
  type InboxDb,
  OUTBOX_DDL,
  type OutboxDb,
  startOutboxRelay,
} from '@kinora/common/db'
import { createLogger } from '@kinora/common/service'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const world = await useTestEnvironment()
const logger = createLogger('test', 'silent')

describe('the outbox', () => {
  let db: Kysely<OutboxDb & InboxDb>
  const published: unknown[] = []

  beforeAll(async () => {
    db = connectDb({ url: world.adminDatabaseUrl, schema: 'box', logger })
    await sql.raw(`create schema box; ${OUTBOX_DDL}; ${INBOX_DDL}`).execute(db)
  })
  beforeEach(() => {
    published.length = 0
  })
  afterAll(() => db.destroy())

  async function waiting(): Promise<number> {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from outbox`.execute(db)
    return rows[0]?.n ?? -1
  }

  it('sends what was committed, in order, and nothing of what was rolled back', async () => {
    await db.transaction().execute(async (tx) => {
      for (let n = 0; n < 5; n++) await enqueueTask(tx, { n })
    })
    const undone = db.transaction().execute(async (tx) => {
      await enqueueTask(tx, { n: 'undone' })
      throw new Error('undo')
    })
    await expect(undone).rejects.toThrow('undo')

    const relay = startOutboxRelay(db, logger, async (_, payload) => void published.push(payload))
    await until(async () => (await waiting()) === 0)
    await relay.stop()
    expect(published).toEqual([0, 1, 2, 3, 4].map((n) => ({ n })))
  })

  it('sends at once when poked, long before the next look', async () => {
    const relay = startOutboxRelay(db, logger, async (_, payload) => void published.push(payload), 3_600_000)
    await db.transaction().execute((tx) => enqueueTask(tx, { poked: true }))
    relay.poke()
    await until(() => published.length === 1)
    await relay.stop()
  })

  it('keeps what the broker refused, and sends it later', async () => {
    let down = true
    await db.transaction().execute((tx) => enqueueTask(tx, { kept: true }))
    const relay = startOutboxRelay(
      db,
      logger,
      async (_, payload) => {
        if (down) throw new Error('broker is down')
        published.push(payload)
      },
      20,
    )
    await until(async () => (await waiting()) === 1)
    down = false
    await until(async () => (await waiting()) === 0)
    await relay.stop()
    expect(published).toEqual([{ kept: true }])
  })

  it('sends each row once when several processes relay side by side', async () => {
    await db.transaction().execute(async (tx) => {
      for (let n = 0; n < 500; n++) await enqueueTask(tx, { n })
    })
    const relays = [1, 2, 3].map(() => startOutboxRelay(db, logger, async (_, payload) => void published.push(payload)))
    await until(async () => (await waiting()) === 0)
    await Promise.all(relays.map((relay) => relay.stop()))
    expect(new Set(published.map((payload) => (payload as { n: number }).n)).size).toBe(500)
    expect(published).toHaveLength(500)
  })

  it('an inbox tells two deliveries of one event apart, even at the same moment', async () => {
    const id = randomUUID()
    const seen = await Promise.all([1, 2, 3].map(() => db.transaction().execute((tx) => firstTimeSeen(tx, id))))
    expect(seen.filter(Boolean)).toHaveLength(1)
  })
})
