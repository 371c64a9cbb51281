import { createHash, randomUUID } from 'node:crypto'
import type { Actor, EventEnvelope } from '@kinora/common/contract'
import { type ClaimedTask, media } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { expect, it, test } from 'vitest'
import { connectAuditLog } from './support/audit-records.ts'
import { ANONYMOUS, connectGateway, SOURCE, someUser, uploadOf } from './support/gateway.ts'
import { deliverForTheLastTime } from './support/last-try.ts'
import { startTestMedia } from './support/media.ts'
import { resultOf } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
// Nobody plays the heart of a worker here.
const PATIENT = { LEASE_MS: 600_000 }
const { ctx } = await startTestMedia(world, PATIENT)
await startTestMedia(world, PATIENT)
const gateway = await connectGateway(world)
const auditRecords = await connectAuditLog(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()
const admin: Actor = { ...someUser(), role: 'admin' }
const other: Actor = { ...someUser(), role: 'admin' }

const nonEmpty = <T>(list: T[]) => list.length > 0 && list
const GONE = { code: 'PARKED_NOT_FOUND' }
const isParked = (parkedId: string) => until(() => gateway.call(media.getParked, { parkedId }, admin))

function finished({ taskId, attempt, leaseToken, work, outputKey }: ClaimedTask): EventEnvelope {
  const data = { taskId, attempt, leaseToken, result: resultOf(work, outputKey) }
  const about = { id: randomUUID(), type: 'task.finished', version: 1, aggregateId: taskId, sequence: 1 }
  return { ...about, occurredAt: new Date().toISOString(), data }
}

test('an event that fails at every try is parked; after the repair one of two operators redrives it, and it counts once', async () => {
  const video = await gateway.upload(owner)
  const event = finished(await worker.take(video.id, 'probe'))
  const inTheWay = randomUUID()
  const row = { id: inTheWay, video_id: video.id, kind: 'poster', ordinal: 3, label: 'x', queue: 'short', weight: 1 }
  const params = JSON.stringify({})
  await ctx.db
    .insertInto('tasks')
    .values({ ...row, params, state: 'cancelled' } as never)
    .execute()
  await deliverForTheLastTime(world, event)
  const parked = await isParked(event.id)
  expect(parked).toMatchObject({ origin: 'media', type: 'task.finished', attempts: 4, error: { code: 'INTERNAL' } })
  expect(JSON.parse(parked.body)).toEqual(event)

  await ctx.db.deleteFrom('tasks').where('id', '=', inTheWay).execute()
  const redrive = (actor: Actor) => gateway.call(media.redriveParked, { parkedId: event.id }, actor)
  const outcomes = await Promise.allSettled([redrive(admin), redrive(other)])
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(GONE)
  await worker.take(video.id, 'audio')
  await worker.publish(event)
  await worker.finish(await worker.take(video.id, 'video'))
  // Heard after the event was heard again.
  const tasks = await until(async () => {
    const rows = await ctx.db.selectFrom('tasks').select(['kind', 'state']).where('video_id', '=', video.id).execute()
    return rows.some(({ kind, state }) => kind === 'video' && state === 'done') && rows
  })
  expect(tasks).toHaveLength(8)
  expect(await until(() => nonEmpty(auditRecords(event.id)))).toMatchObject([
    { action: 'parked_redrive', actor: { kind: 'user', role: 'admin' } },
  ])
})

test('an event that cannot be read is sent again only by a version that can; if its attempt is over then, it has no effect', async () => {
  const video = await gateway.upload(owner)
  const event = finished(await worker.take(video.id, 'probe'))
  const nonsense = { ...event, data: { taskId: 1 } }
  await deliverForTheLastTime(world, nonsense)
  const first = await isParked(event.id)
  expect(first).toMatchObject({ attempts: 4, error: { code: 'VALIDATION_FAILED' } })
  await expect(gateway.call(media.redriveParked, { parkedId: event.id }, admin)).rejects.toMatchObject({
    code: 'PARKED_UNREADABLE',
  })
  // As if this were a newer version that reads it.
  await ctx.db
    .updateTable('parked')
    .set({ body: JSON.stringify({ ...event, data: { ...(event.data as object), leaseToken: randomUUID() } }) })
    .where('id', '=', event.id)
    .execute()
  await gateway.call(media.redriveParked, { parkedId: event.id }, admin)
  await until(async () => {
    const inbox = await ctx.db.selectFrom('inbox').selectAll().where('event_id', '=', event.id).execute()
    return inbox.length === 1
  })
  expect((await gateway.getVideo(video.id, owner)).status).toBe('processing')
})

test('what is no event is kept under a hash of it, and can only be discarded', async () => {
  await deliverForTheLastTime(world, '{"half":')
  const parkedId = createHash('sha256').update('{"half":').digest('hex')
  expect(await isParked(parkedId)).toMatchObject({ type: null, body: '{"half":' })
  await expect(gateway.call(media.redriveParked, { parkedId }, admin)).rejects.toMatchObject({
    code: 'PARKED_UNREADABLE',
  })
  expect(auditRecords(parkedId)).toEqual([])
  const discard = (actor: Actor) => gateway.call(media.discardParked, { parkedId }, actor)
  await discard(admin)
  await expect(discard(admin)).rejects.toMatchObject(GONE)
  expect(await until(() => nonEmpty(auditRecords(parkedId)))).toMatchObject([
    { action: 'parked_discard', subject: parkedId, actor: admin },
  ])
})

test('a note about an upload that became readable is registered when it is redriven', async () => {
  const { id: videoId } = await gateway.createVideo(owner)
  const { uploadId, storageKey } = await gateway.call(media.beginUpload, uploadOf(videoId), owner)
  await ctx.store.put(keys.receipt(uploadId), 'not a receipt')
  await isParked(uploadId)
  const receipt = { ...SOURCE, videoId, uploadId, storageKey, userId: owner.userId }
  const body = JSON.stringify(receipt)
  // Another process of media may have looked at the note before, and park it once more.
  await until(async () => {
    await ctx.db.updateTable('parked').set({ body }).where('id', '=', uploadId).execute()
    await gateway.call(media.redriveParked, { parkedId: uploadId }, admin).catch(() => {})
    return (await gateway.getVideo(videoId, owner)).status === 'uploaded'
  })
})

it('is listed newest first, page by page, without what the messages say', async () => {
  const bodies = ['{"one":', '{"two":', '{"three":']
  const ids = bodies.map((body) => createHash('sha256').update(body).digest('hex'))
  for (const [index, body] of bodies.entries()) {
    await deliverForTheLastTime(world, body)
    await isParked(ids[index] ?? '')
    await sql`update parked set parked_at = now() + make_interval(secs => ${60 * (index + 1)})
      where id = ${ids[index]}`.execute(ctx.db)
  }
  const first = await gateway.call(media.listParked, { limit: 2 }, admin)
  expect(first.items.map(({ id }) => id)).toEqual([ids[2], ids[1]])
  expect(first.items[0]).not.toHaveProperty('body')
  const second = await gateway.call(media.listParked, { limit: 1, cursor: first.nextCursor ?? '' }, admin)
  expect(second.items.map(({ id }) => id)).toEqual([ids[0]])
  await expect(gateway.call(media.listParked, { cursor: 'bm9uc2Vuc2U' }, admin)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  })
})

it.each<[string, Actor, string]>([
  ['users', owner, 'FORBIDDEN'],
  ['nobody', ANONYMOUS, 'UNAUTHENTICATED'],
])('is closed to %s', async (_name, actor, code) => {
  const parkedId = randomUUID()
  const asks = [
    gateway.call(media.listParked, {}, actor),
    gateway.call(media.getParked, { parkedId }, actor),
    gateway.call(media.redriveParked, { parkedId }, actor),
    gateway.call(media.discardParked, { parkedId }, actor),
  ]
  const codes = (await Promise.allSettled(asks)).map((it) => (it.status === 'rejected' ? it.reason.code : 'allowed'))
  expect(new Set(codes)).toEqual(new Set([code]))
})
