import { media } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { connectGateway, someUser, type UserActor } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { startReceiver } from './support/receiver.ts'
import { WEBHOOKS_HERE, webhookCalls } from './support/webhooks.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world, { ...WEBHOOKS_HERE, MAX_PENDING_PINGS: 3 })
const gateway = await connectGateway(world)
const receiver = await startReceiver()
const { create, ping } = webhookCalls(gateway)
/** A good receiver gets its event within this time, whatever others do. */
const SOON = { timeoutMs: 2000 }
const PATIENT = { timeoutMs: 45_000 }
const times = (n: number) => Array.from({ length: n }, (_, at) => at)

/** One delivery for each webhook of the owner. */
async function makeEvent(owner: UserActor): Promise<void> {
  const { id } = await gateway.createVideo(owner)
  await gateway.call(media.deleteVideo, { videoId: id }, owner)
}

async function makeHangingOwner(): Promise<UserActor> {
  const owner = someUser()
  await Promise.all(times(10).map(() => create(owner, `${receiver.url}/hang`)))
  await Promise.all(times(4).map(() => makeEvent(owner)))
  return owner
}

async function expectPrompt(path: string, within = SOON): Promise<void> {
  const owner = someUser()
  await create(owner, receiver.url + path)
  await makeEvent(owner)
  await until(() => receiver.at(path).length === 1, within)
}

/** In ms, from the event to its arrival. */
async function promptness(path: string): Promise<number> {
  const begin = performance.now()
  await expectPrompt(path, { timeoutMs: 5000 })
  return Math.round(performance.now() - begin)
}

test('owners whose receivers hang do not delay others, neither with first attempts nor with retries', async () => {
  receiver.on('/hang', () => {})
  // Each has 40 deliveries, 480 in total.
  for (const _ of times(12)) await makeHangingOwner()
  await until(() => receiver.at('/hang').length >= 100, PATIENT)
  await expectPrompt('/good')

  // As after the first time-outs, with a backlog of older retries.
  await sql`update webhooks set failing_since = now() where url like '%/hang'`.execute(ctx.db)
  await sql`insert into webhook_deliveries (id, webhook_id, type, body, tries, due_at)
    select gen_random_uuid(), id, 'video.ready', '{}', 1, now() - interval '1 hour'
    from webhooks, generate_series(1, 30) where url like '%/hang'`.execute(ctx.db)
  await expectPrompt('/later')
}, 120_000)

test('more owners than places, whose receivers hang, do not delay others for longer than a second each', async () => {
  receiver.on('/crowd', () => {})
  await sql`delete from webhooks`.execute(ctx.db)
  const owners = times(450).map(() => someUser())
  // Few at a time, as many accounts of one attacker would.
  for (const some of times(45)) await Promise.all(owners.slice(some * 10, some * 10 + 10).map(hang))
  const addFirstAttempts = () =>
    sql`insert into webhook_deliveries (id, webhook_id, type, body)
      select gen_random_uuid(), id, 'video.ready', '{}' from webhooks, generate_series(1, 4) where url like '%/crowd'`.execute(
      ctx.db,
    )
  await addFirstAttempts()
  await until(() => receiver.at('/crowd').length >= 300, PATIENT)
  const first = await promptness('/among-new')
  await until(() => receiver.at('/crowd').length >= 450, PATIENT)
  await addFirstAttempts()
  const second = await promptness('/among-known')
  console.info(`a good receiver among 450 that hang: ${first} ms while they are new, ${second} ms afterwards`)

  async function hang(owner: UserActor): Promise<void> {
    await create(owner, `${receiver.url}/crowd`)
    await create(owner, `${receiver.url}/crowd`)
  }
}, 180_000)

test('an account has few test pings that wait, new or sent again', async () => {
  const owner = someUser()
  const { id } = await create(owner, `${receiver.url}/hang`)
  const sent = await Promise.allSettled(times(8).map(() => ping(owner, id)))
  expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
  const refused = { code: 'WEBHOOK_TESTS_PENDING', retryAfterMs: 15_000 }
  await expect(ping(owner, id)).rejects.toMatchObject(refused)

  const { rows } = await sql<{ id: string }>`insert into webhook_deliveries (id, webhook_id, type, body, state, due_at)
    values (gen_random_uuid(), ${id}, 'ping', '{}', 'failed', null) returning id`.execute(ctx.db)
  const again = { webhookId: id, deliveryId: rows[0]?.id ?? '' }
  await expect(gateway.call(media.redeliverWebhook, again, owner)).rejects.toMatchObject(refused)
  // Another account is not affected.
  const other = someUser()
  await ping(other, (await create(other, `${receiver.url}/other`)).id)
})
