import { randomUUID } from 'node:crypto'
import { media } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { startReceiver } from './support/receiver.ts'
import { WEBHOOKS_HERE, webhookCalls } from './support/webhooks.ts'

const world = await useTestEnvironment()
let running = await startTestMedia(world, WEBHOOKS_HERE)
const gateway = await connectGateway(world)
const receiver = await startReceiver()
const { create, delivery, ping, webhook } = webhookCalls(gateway)
const PATIENT = { timeoutMs: 45_000 }
const db = () => running.ctx.db

/** As if the pause before the next attempt were over. */
async function passPause(id: string): Promise<void> {
  await db()
    .updateTable('webhook_deliveries')
    .set({ due_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('state', '=', 'pending')
    .where('lease_token', 'is', null)
    .execute()
}

const redeliver = (owner: ReturnType<typeof someUser>, webhookId: string, deliveryId: string) =>
  gateway.call(media.redeliverWebhook, { webhookId, deliveryId }, owner)

test('what was not taken is tried again later, under the same id, and the log tells of it', async () => {
  const owner = someUser()
  const path = `/flaky/${owner.userId}`
  receiver.on(path, (response) => response.writeHead(receiver.at(path).length < 3 ? 503 : 200).end('so\0so'))
  const { id } = await create(owner, receiver.url + path)
  const sent = await ping(owner, id)
  expect(sent).toMatchObject({ webhookId: id, type: 'ping', videoId: null, status: 'pending', tries: 0, attempts: [] })

  const failed = await delivery(owner, sent, ({ tries }) => tries === 1)
  expect(failed).toMatchObject({ status: 'pending', attempts: [{ status: 503, response: 'so\uFFFDso', error: null }] })
  const pause = Date.parse(failed.nextAttemptAt ?? '') - Date.parse(failed.attempts[0]?.at ?? '')
  expect(pause).toBeGreaterThanOrEqual(5000)
  expect((await webhook(owner, id)).failingSince).not.toBeNull()

  const done = await until(async () => {
    await passPause(sent.id)
    const now = await delivery(owner, sent, () => true)
    return now.status === 'delivered' && now
  }, PATIENT)
  expect(done.attempts.map(({ status }) => status)).toEqual([503, 503, 200])
  expect(done.nextAttemptAt).toBeNull()
  expect((await webhook(owner, id)).failingSince).toBeNull()

  await redeliver(owner, id, sent.id)
  await delivery(owner, sent, ({ tries, status }) => tries === 4 && status === 'delivered')
  expect(receiver.at(path).map(({ headers }) => headers['webhook-id'])).toEqual(Array(4).fill(sent.id))
})

test('a webhook at which nothing has arrived for days is disabled when a delivery is given up', async () => {
  const owner = someUser()
  receiver.on('/broken', (response) => response.writeHead(500).end())
  const { id } = await create(owner, `${receiver.url}/broken`)
  const lastTry = async (failingFor: string) => {
    const sent = await ping(owner, id)
    await delivery(owner, sent, ({ tries }) => tries > 0)
    await sql`update webhooks set failing_since = now() - ${failingFor}::interval where id = ${id}`.execute(db())
    return await until(async () => {
      await sql`update webhook_deliveries set tries = 6, due_at = now()
        where id = ${sent.id} and state = 'pending' and lease_token is null and tries < 6`.execute(db())
      const now = await delivery(owner, sent, () => true)
      return now.status === 'failed' && now
    }, PATIENT)
  }
  expect(await lastTry('1 day')).toMatchObject({ tries: 7, nextAttemptAt: null })
  expect((await webhook(owner, id)).enabled).toBe(true)

  const given = await lastTry('4 days')
  expect(await webhook(owner, id)).toMatchObject({ enabled: false, disabled: { reason: 'failing' } })
  await expect(redeliver(owner, id, given.id)).rejects.toMatchObject({ code: 'WEBHOOK_DISABLED' })
  receiver.on('/broken', (response) => response.writeHead(204).end())
  const change = { webhookId: id, enabled: true }
  expect(await gateway.call(media.updateWebhook, change, owner)).toMatchObject({ disabled: null, failingSince: null })
  await redeliver(owner, id, given.id)
  await delivery(owner, given, ({ status }) => status === 'delivered')
})

test('an endpoint that answers 410 is told nothing more', async () => {
  const owner = someUser()
  receiver.on('/gone', (response) => response.writeHead(410).end())
  const { id } = await create(owner, `${receiver.url}/gone`)
  await delivery(owner, await ping(owner, id), ({ status }) => status === 'failed')
  expect(await webhook(owner, id)).toMatchObject({ enabled: false, disabled: { reason: 'gone' } })
})

test('an endpoint that asks for a longer pause gets it', async () => {
  const owner = someUser()
  receiver.on('/busy', (response) => response.writeHead(429, { 'retry-after': '3600' }).end())
  const { id } = await create(owner, `${receiver.url}/busy`)
  const { attempts, nextAttemptAt } = await delivery(owner, await ping(owner, id), ({ tries }) => tries === 1)
  expect(Date.parse(nextAttemptAt ?? '') - Date.parse(attempts[0]?.at ?? '')).toBeGreaterThanOrEqual(3_600_000)
})

test('redirects are not followed', async () => {
  const owner = someUser()
  receiver.on('/here', (response) => response.writeHead(307, { location: `${receiver.url}/there` }).end())
  const { id } = await create(owner, `${receiver.url}/here`)
  const { attempts } = await delivery(owner, await ping(owner, id), ({ tries }) => tries === 1)
  expect(attempts).toMatchObject([{ status: 307 }])
  expect(receiver.at('/there')).toEqual([])
})

test('a response without an end is read for its first bytes only', async () => {
  const owner = someUser()
  receiver.on('/endless', (response) => {
    const timer = setInterval(() => response.write('x'.repeat(1000)), 5)
    response.on('close', () => clearInterval(timer))
  })
  const { id } = await create(owner, `${receiver.url}/endless`)
  const { attempts } = await delivery(owner, await ping(owner, id), ({ status }) => status === 'delivered')
  expect(attempts).toMatchObject([{ status: 200, response: 'x'.repeat(512) }])
})

test('what does not answer at all is told by its reason, and an address that is not allowed any more is not asked', async () => {
  const owner = someUser()
  const { id } = await create(owner, 'http://127.0.0.1:1/')
  const refused = await delivery(owner, await ping(owner, id), ({ tries }) => tries === 1)
  expect(refused.attempts).toMatchObject([{ status: null, response: null, error: 'ECONNREFUSED' }])
  await db().updateTable('webhooks').set({ url: 'http://10.0.0.1/' }).where('id', '=', id).execute()
  const forbidden = await delivery(owner, await ping(owner, id), ({ tries }) => tries === 1)
  expect(forbidden.attempts).toMatchObject([{ error: 'ADDRESS_REFUSED' }])
})

test('a slow endpoint has four places and holds up nobody else', async () => {
  const owner = someUser()
  const held: (() => void)[] = []
  let [open, most] = [0, 0]
  receiver.on('/slow', (response) => {
    held.push(() => response.writeHead(204).end())
    open += 1
    most = Math.max(most, open)
    response.on('close', () => (open -= 1))
  })
  const slow = await create(owner, `${receiver.url}/slow`)
  const fast = await create(owner, `${receiver.url}/fast`)
  const waiting = await Promise.all(Array.from({ length: 6 }, () => ping(owner, slow.id)))
  await until(() => open === 4, PATIENT)
  for (let n = 0; n < 3; n++) await delivery(owner, await ping(owner, fast.id), ({ status }) => status === 'delivered')
  expect(most).toBe(4)
  receiver.on('/slow', (response) => response.writeHead(204).end())
  for (const release of held) release()
  for (const one of waiting) await delivery(owner, one, ({ status }) => status === 'delivered')
})

test('of several processes one makes each attempt', async () => {
  const owner = someUser()
  const second = await startTestMedia(world, WEBHOOKS_HERE)
  const { id } = await create(owner, `${receiver.url}/shared`)
  const sent = await Promise.all(Array.from({ length: 24 }, () => ping(owner, id)))
  for (const one of sent) {
    const { tries } = await delivery(owner, one, ({ status }) => status === 'delivered')
    const arrived = receiver.at('/shared').filter(({ headers }) => headers['webhook-id'] === one.id)
    expect(arrived.length).toBeLessThanOrEqual(tries)
  }
  await second.stop()
})

test('what a killed process was at is sent when its lease has ended', async () => {
  const owner = someUser()
  const { id } = await create(owner, `${receiver.url}/killed`)
  const [left, alive] = [randomUUID(), randomUUID()]
  const leased = (deliveryId: string, seconds: number) =>
    sql`insert into webhook_deliveries (id, webhook_id, type, body, lease_token, due_at)
      values (${deliveryId}, ${id}, 'ping', '{}', gen_random_uuid(), now() + make_interval(secs => ${seconds}))`.execute(
      db(),
    )
  await leased(alive, 3600)
  await leased(left, -1)
  await until(() => receiver.at('/killed').length > 0, PATIENT)
  expect(receiver.at('/killed').map(({ headers }) => headers['webhook-id'])).toEqual([left])
})

test('a process that stops gives back what it was at, and another one sends it', async () => {
  const owner = someUser()
  receiver.on('/patient', () => {})
  const { id } = await create(owner, `${receiver.url}/patient`)
  const sent = await ping(owner, id)
  await until(() => receiver.at('/patient').length === 1, PATIENT)
  await running.stop()
  receiver.on('/patient', (response) => response.writeHead(204).end())
  running = await startTestMedia(world, WEBHOOKS_HERE)
  const done = await delivery(owner, sent, ({ status }) => status === 'delivered')
  expect(done).toMatchObject({ tries: 1, attempts: [{ status: 204 }] })
})
