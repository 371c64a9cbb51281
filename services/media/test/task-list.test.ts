import type { Actor, Input } from '@kinora/common/contract'
import { media, type TaskCause } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, it } from 'vitest'
import { ANONYMOUS, connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()
const admin: Actor = { ...someUser(), role: 'admin' }
const list = (filter: Input<typeof media.listTasks> = {}, actor: Actor = admin) =>
  gateway.call(media.listTasks, filter, actor)

const CORRUPT: TaskCause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'The file is broken.' }

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
