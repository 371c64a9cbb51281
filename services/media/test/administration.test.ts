import { randomUUID } from 'node:crypto'
import type { Actor, Input } from '@kinora/common/contract'
import { media, type TaskCause } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, it } from 'vitest'
import { creationCursor } from '../src/domain/pages.ts'
import { connectAuditLog } from './support/audit-records.ts'
import { ANONYMOUS, connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const auditRecords = await connectAuditLog(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()
const admin: Actor = { ...someUser(), role: 'admin' }
const list = (filter: Input<typeof media.listTasks> = {}, actor: Actor = admin) =>
  gateway.call(media.listTasks, filter, actor)

const CORRUPT: TaskCause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'The file is broken.' }
/** Of a page that begins before the first video. */
const madeUpCursor = creationCursor({ created_at: new Date('2100-01-01'), id: randomUUID() })
const CORRUPT_ERROR = { code: CORRUPT.code, detail: CORRUPT.detail }

it('shows administrators what runs and what has failed, newest video first, with the cause', async () => {
  const [failed, running, waiting] = [
    await gateway.upload(owner),
    await gateway.upload(someUser()),
    await gateway.upload(owner),
  ]
  await worker.fail(await worker.take(failed.id, 'probe'), CORRUPT)
  await until(async () => (await gateway.getVideo(failed.id, owner)).status === 'failed')
  const task = await worker.take(running.id, 'probe')

  const { items, nextCursor } = await list()
  expect(items).toMatchObject([
    { id: task.taskId, videoId: running.id, ownerId: running.ownerId, status: 'running', attempt: 1, cause: null },
    { videoId: failed.id, ownerId: owner.userId, kind: 'probe', status: 'failed', leaseUntil: null, cause: CORRUPT },
  ])
  expect(nextCursor).toBeNull()
  expect((await list({ status: 'queued' })).items).toMatchObject([{ videoId: waiting.id, worker: null }])
  expect((await list({ videoId: failed.id })).items).toHaveLength(1)

  const first = await list({ limit: 1 })
  const second = await list({ limit: 1, cursor: first.nextCursor ?? '' })
  expect([...first.items, ...second.items]).toEqual(items)
  expect(second.nextCursor).toBeNull()
})

it.each<[string, Actor, string]>([
  ['users', owner, 'FORBIDDEN'],
  ['nobody', ANONYMOUS, 'UNAUTHENTICATED'],
  ['services', { kind: 'service', name: 'gateway' }, 'FORBIDDEN'],
])('is closed to %s', async (_name, actor, code) => {
  await expect(list({}, actor)).rejects.toMatchObject({ code })
})

it('refuses a cursor that it did not make', async () => {
  await expect(list({ cursor: 'bm9uc2Vuc2U' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
})

it('finds, shows and retries videos of anybody, without a way to watch them, and notes it', async () => {
  const customer = someUser()
  const video = await gateway.upload(customer)
  await worker.fail(await worker.take(video.id, 'probe'), CORRUPT)
  await until(async () => (await gateway.getVideo(video.id, customer)).status === 'failed')

  const found = await gateway.call(
    media.findVideos,
    { ownerId: customer.userId, status: 'failed', q: video.title },
    admin,
  )
  expect(found.items.map(({ id }) => id)).toEqual([video.id])
  expect((await gateway.call(media.findVideos, { projectId: randomUUID() }, admin)).items).toEqual([])
  await expect(gateway.call(media.findVideos, { q: 'lake' }, admin)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  })

  const shown = await gateway.call(media.inspectVideo, { videoId: video.id }, admin)
  expect(shown).toMatchObject({
    error: CORRUPT_ERROR,
    timeline: [{ kind: 'probe', state: 'failed', cause: CORRUPT_ERROR }],
  })
  expect(JSON.stringify([found, shown])).not.toContain('/play/')

  expect(await gateway.call(media.retryAnyVideo, { videoId: video.id }, admin)).not.toMatchObject({ status: 'failed' })
  await expect(gateway.call(media.retryAnyVideo, { videoId: video.id }, admin)).rejects.toMatchObject({
    code: 'NOTHING_TO_RETRY',
  })
  await until(() => auditRecords(video.id).length === 2)
  expect(auditRecords(video.id)).toMatchObject([
    { action: 'video_inspect', actor: admin },
    { action: 'video_retry', actor: admin },
  ])
  await until(() => auditRecords(customer.userId).some(({ action }) => action === 'videos_search'))

  await gateway.call(media.findVideos, { ownerId: customer.userId, cursor: madeUpCursor }, admin)
  await until(() => auditRecords(customer.userId).filter(({ action }) => action === 'videos_search').length === 2)
})

it.each(['findVideos', 'inspectVideo', 'retryAnyVideo'] as const)('%s is for administrators alone', async (name) => {
  const video = await gateway.upload(owner)
  const input = name === 'findVideos' ? {} : { videoId: video.id }
  for (const actor of [owner, ANONYMOUS]) {
    await expect(gateway.call(media[name], input as never, actor)).rejects.toMatchObject({
      code: actor === owner ? 'FORBIDDEN' : 'UNAUTHENTICATED',
    })
  }
})
