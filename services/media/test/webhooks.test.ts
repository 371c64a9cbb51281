import { media } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { recordErasure } from '../src/repositories/erased-projects.ts'
import { deleteOldDeliveries } from '../src/repositories/webhook-deliveries.ts'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { startReceiver } from './support/receiver.ts'
import { goodSignatures, payloadOf, signaturesOf, WEBHOOKS_HERE, webhookCalls } from './support/webhooks.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world, WEBHOOKS_HERE)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const receiver = await startReceiver()
const { create, deliveries, delivery, list, ping, webhook } = webhookCalls(gateway)
const { call } = gateway
const PATIENT = { timeoutMs: 45_000 }

test('every state of a video is told, signed, and with no key to play it', async () => {
  const owner = someUser()
  const { secret, id } = await create(owner, `${receiver.url}/all`)
  const choosy = await create(owner, `${receiver.url}/choosy`, ['video.ready'])
  const stranger = await create(someUser(), `${receiver.url}/stranger`)
  const video = await gateway.upload(owner)
  await doAllWork(worker, video.id)
  await videoWhen(gateway, owner, video.id, ({ status }) => status === 'ready')
  await call(media.deleteVideo, { videoId: video.id }, owner)

  const got = await until(() => receiver.at('/all').length >= 6 && receiver.at('/all'), PATIENT)
  const types = new Set(got.map((received) => payloadOf(received).type))
  expect([...types].sort()).toEqual([
    'video.deleted',
    'video.delivery_revoked',
    'video.playable',
    'video.processing',
    'video.ready',
    'video.uploaded',
  ])
  for (const received of got) {
    expect(goodSignatures(secret, received)).toHaveLength(1)
    expect(received.headers['content-type']).toBe('application/json')
    expect(received.body).not.toContain('/play/')
    expect(payloadOf(received).data).toMatchObject({ id: video.id, ownerId: owner.userId, title: video.title })
  }
  const ready = got.map(payloadOf).find(({ type }) => type === 'video.ready')
  expect(ready?.data).toMatchObject({ status: 'ready', playable: true, source: { bytes: 1000, durationSeconds: 90 } })
  const { items } = await deliveries(owner, id)
  const ids = new Set(got.map(({ headers }) => String(headers['webhook-id'])))
  expect(new Set(items.map((item) => item.id))).toEqual(ids)
  await until(() => receiver.at('/choosy').length > 0, PATIENT)
  expect((await deliveries(owner, choosy.id)).items.map(({ type }) => type)).toEqual(['video.ready'])
  expect(receiver.at('/stranger')).toEqual([])
  expect(stranger.enabled).toBe(true)
})

test('a failed video is told with the reason', async () => {
  const owner = someUser()
  await create(owner, `${receiver.url}/failed`, ['video.failed'])
  const video = await gateway.upload(owner)
  const cause = { class: 'input', code: 'NO_VIDEO_STREAM', detail: 'There is no picture in this file' } as const
  await worker.fail(await worker.take(video.id), cause)
  const [received] = await until(() => receiver.at('/failed').length > 0 && receiver.at('/failed'), PATIENT)
  expect(received && payloadOf(received).data).toMatchObject({
    status: 'failed',
    error: { code: 'NO_VIDEO_STREAM', detail: 'There is no picture in this file' },
  })
})

test('a new secret signs beside the old one for a day', async () => {
  const owner = someUser()
  const { id, secret } = await create(owner, `${receiver.url}/rotated`)
  const rotated = await call(media.rotateWebhookSecret, { webhookId: id }, owner)
  expect(rotated.previousSecretUntil).not.toBeNull()
  await ping(owner, id)
  const [both] = await until(() => receiver.at('/rotated').length >= 1 && receiver.at('/rotated'), PATIENT)
  if (!both) throw new Error('waited for')
  expect(signaturesOf(both)).toEqual([...goodSignatures(rotated.secret, both), ...goodSignatures(secret, both)])
  expect(signaturesOf(both)).toHaveLength(2)

  await ctx.db.updateTable('webhooks').set({ previous_secret_until: sql<Date>`now()` }).where('id', '=', id).execute()
  await ping(owner, id)
  const [, one] = await until(() => receiver.at('/rotated').length >= 2 && receiver.at('/rotated'), PATIENT)
  if (!one) throw new Error('waited for')
  expect(signaturesOf(one)).toEqual(goodSignatures(rotated.secret, one))
})

test('a secret is shown once and lies encrypted', async () => {
  const owner = someUser()
  const { id, secret, ...shown } = await create(owner, `${receiver.url}/secret`)
  expect(secret).toMatch(/^whsec_[\w+/]{43}=$/)
  expect(await list(owner)).toEqual({ items: [{ id, ...shown }], nextCursor: null })
  const row = await ctx.db.selectFrom('webhooks').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  expect(JSON.stringify(row)).not.toContain(secret)
  expect(row.secret.includes(Buffer.from(secret.slice(6), 'base64'))).toBe(false)
  expect(row.secret.includes(secret)).toBe(false)
})

test('an account has ten webhooks at most, also when it makes many at once', async () => {
  const owner = someUser()
  const tries = Array.from({ length: 13 }, () =>
    create(owner, 'https://example.com/hook').then(
      () => 'made',
      (error: { code: string }) => error.code,
    ),
  )
  const outcomes = await Promise.all(tries)
  expect(outcomes.filter((outcome) => outcome === 'made')).toHaveLength(10)
  expect(outcomes.filter((outcome) => outcome === 'WEBHOOK_LIMIT_REACHED')).toHaveLength(3)
  expect((await list(owner)).items).toHaveLength(10)
})

test.each([
  'http://10.0.0.1/',
  'https://[::ffff:10.0.0.1]/',
  'https://169.254.169.254/latest',
  'https://me:secret@example.com/',
])('%s is refused when it is given', async (url) => {
  const owner = someUser()
  const { id } = await create(owner, 'https://example.com/hook')
  const refused = { code: 'VALIDATION_FAILED', fields: [{ path: 'url', message: expect.any(String) }] }
  await expect(create(owner, url)).rejects.toMatchObject(refused)
  await expect(call(media.updateWebhook, { webhookId: id, url }, owner)).rejects.toMatchObject(refused)
})

test('a webhook is changed, switched off and on, and deleted', async () => {
  const owner = someUser()
  const { id } = await create(owner, 'https://example.com/hook')
  const url = `${receiver.url}/changed`
  const changed = await call(media.updateWebhook, { webhookId: id, url, events: ['video.uploaded'] }, owner)
  expect(changed).toMatchObject({ url, events: ['video.uploaded'], enabled: true, disabled: null })
  const off = await call(media.updateWebhook, { webhookId: id, enabled: false }, owner)
  expect(off).toMatchObject({ enabled: false, disabled: { reason: 'owner' } })
  await expect(ping(owner, id)).rejects.toMatchObject({ code: 'WEBHOOK_DISABLED' })
  await gateway.upload(owner)
  expect((await deliveries(owner, id)).items).toEqual([])
  await call(media.updateWebhook, { webhookId: id, enabled: true }, owner)
  await gateway.upload(owner)
  await until(() => receiver.at('/changed').length >= 1, PATIENT)
  await call(media.deleteWebhook, { webhookId: id }, owner)
  await expect(webhook(owner, id)).rejects.toMatchObject({ code: 'WEBHOOK_NOT_FOUND' })
  const left = await ctx.db.selectFrom('webhook_deliveries').select('id').where('webhook_id', '=', id).execute()
  expect(left).toEqual([])
})

test("somebody else's webhook does not exist", async () => {
  const owner = someUser()
  const { id: webhookId } = await create(owner, `${receiver.url}/private`)
  const { id: deliveryId } = await ping(owner, webhookId)
  const missing = { code: 'WEBHOOK_NOT_FOUND' }
  const other = someUser()
  await expect(call(media.updateWebhook, { webhookId, enabled: false }, other)).rejects.toMatchObject(missing)
  await expect(call(media.deleteWebhook, { webhookId }, other)).rejects.toMatchObject(missing)
  await expect(call(media.rotateWebhookSecret, { webhookId }, other)).rejects.toMatchObject(missing)
  await expect(call(media.redeliverWebhook, { webhookId, deliveryId }, other)).rejects.toMatchObject(missing)
  await expect(ping(other, webhookId)).rejects.toMatchObject(missing)
  await expect(deliveries(other, webhookId)).rejects.toMatchObject(missing)
  const own = await create(other, `${receiver.url}/private`)
  await expect(call(media.redeliverWebhook, { webhookId: own.id, deliveryId }, other)).rejects.toMatchObject({
    code: 'WEBHOOK_DELIVERY_NOT_FOUND',
  })
})

test('the log has pages, and forgets after 30 days', async () => {
  const owner = someUser()
  const { id } = await create(owner, `${receiver.url}/log`)
  const sent = [await ping(owner, id), await ping(owner, id), await ping(owner, id)]
  for (const one of sent) await delivery(owner, one, ({ status }) => status === 'delivered')
  const first = await deliveries(owner, id, { limit: 2 })
  const second = await deliveries(owner, id, { limit: 2, cursor: first.nextCursor ?? '' })
  expect([...first.items, ...second.items].map((item) => item.id).sort()).toEqual(sent.map((one) => one.id).sort())
  expect(second.nextCursor).toBeNull()

  const oldest = second.items[0]?.id ?? ''
  await ctx.db
    .updateTable('webhook_deliveries')
    .set({ created_at: sql<Date>`now() - interval '31 days'` })
    .where('id', '=', oldest)
    .execute()
  await deleteOldDeliveries(ctx.db)
  expect((await deliveries(owner, id)).items.map((item) => item.id)).toEqual(first.items.map((item) => item.id))
})

test('the log of a webhook keeps its newest deliveries, however many there were', async () => {
  const owner = someUser()
  const [busy, quiet] = [await create(owner, `${receiver.url}/busy`), await create(owner, `${receiver.url}/quiet`)]
  const add = (webhookId: string, count: number) =>
    sql`insert into webhook_deliveries (id, webhook_id, type, body, state, due_at, created_at)
      select gen_random_uuid(), ${webhookId}::uuid, 'video.ready', n::text, 'delivered', null, now() - make_interval(secs => n)
      from generate_series(1, ${count}::integer) n`.execute(ctx.db)
  await add(busy.id, 2030)
  await add(quiet.id, 20)
  await deleteOldDeliveries(ctx.db, 25)
  const left = await sql<{ webhook_id: string; body: string }>`select webhook_id, body from webhook_deliveries
    where webhook_id in (${busy.id}, ${quiet.id}) order by created_at desc`.execute(ctx.db)
  const bodies = (id: string) => left.rows.filter((row) => row.webhook_id === id).map(({ body }) => Number(body))
  expect(bodies(busy.id)).toEqual(Array.from({ length: 25 }, (_, at) => at + 1))
  expect(bodies(quiet.id)).toHaveLength(20)
})

test('webhooks go with the account, and none is made afterwards', async () => {
  const owner = someUser()
  const { id } = await create(owner, `${receiver.url}/erased`)
  await ping(owner, id)
  await ctx.db.transaction().execute((tx) => recordErasure(tx, owner.userId))
  ctx.wake.emit('erasures')
  await until(async () => (await list(owner)).items.length === 0, PATIENT)
  const left = await ctx.db.selectFrom('webhook_deliveries').select('id').where('webhook_id', '=', id).execute()
  expect(left).toEqual([])
  await expect(create(owner, `${receiver.url}/erased`)).rejects.toMatchObject({ code: 'ACCOUNT_ERASED' })
})
