import { randomUUID } from 'node:crypto'
import type { Input, Method } from '@kinora/common/contract'
import { media } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { WEBHOOKS_HERE, webhookCalls } from './support/webhooks.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world, WEBHOOKS_HERE)
const gateway = await connectGateway(world)
const TIMEOUT_MS = 1500

async function waiting(): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int n from pg_stat_activity
    where wait_event_type = 'Lock' and datname = current_database()`.execute(ctx.db)
  return rows[0]?.n ?? 0
}

async function stored(): Promise<string> {
  const tables = ['videos', 'webhooks', 'deletions', 'outbox', 'webhook_deliveries']
  const found = await Promise.all(
    tables.map((table) => sql`select * from ${sql.table(table)} order by 1`.execute(ctx.db)),
  )
  return JSON.stringify(found.map(({ rows }) => rows))
}

it('what was answered with a timeout is not done afterwards', async () => {
  const owner = someUser()
  const [deleted, changed, chaptered] = [
    await gateway.createVideo(owner),
    await gateway.createVideo(owner),
    await gateway.createVideo(owner),
  ]
  const { create } = webhookCalls(gateway)
  const [removed, moved, rotated] = [
    await create(owner, 'http://127.0.0.1:9/removed'),
    await create(owner, 'http://127.0.0.1:9/moved'),
    await create(owner, 'http://127.0.0.1:9/rotated'),
  ]
  await until(async () => (await sql`select 1 from outbox`.execute(ctx.db)).rows.length === 0)
  const before = await stored()
  const call = <M extends Method>(method: M, input: Input<M>) =>
    gateway.bus.call(method, input, { actor: owner, requestId: randomUUID(), timeoutMs: TIMEOUT_MS })

  await ctx.db.transaction().execute(async (tx) => {
    await sql`select 1 from videos for update`.execute(tx)
    await sql`select 1 from webhooks for update`.execute(tx)
    const attempts = [
      call(media.deleteVideo, { videoId: deleted.id }),
      call(media.updateVideo, { videoId: changed.id, title: 'Changed' }),
      call(media.putChapters, { videoId: chaptered.id, chapters: [{ start: 0, title: 'Changed' }] }),
      call(media.deleteWebhook, { webhookId: removed.id }),
      call(media.updateWebhook, { webhookId: moved.id, url: 'http://127.0.0.1:9/changed' }),
      call(media.rotateWebhookSecret, { webhookId: rotated.id }),
    ]
    const outcomes = Promise.allSettled(attempts)
    await until(async () => (await waiting()) >= attempts.length)
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'TIMEOUT' } })
    // The service counts from the arrival of a call, a moment later than its caller.
    const answeredAt = performance.now()
    await until(() => performance.now() > answeredAt + 300)
  })

  await until(async () => (await waiting()) === 0)
  // Waits for each of those that had the locks next.
  await ctx.db.transaction().execute(async (tx) => {
    await sql`select 1 from videos for update`.execute(tx)
    await sql`select 1 from webhooks for update`.execute(tx)
  })
  expect(await stored()).toBe(before)
})
