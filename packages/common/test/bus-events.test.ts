import { until, useTestEnvironment } from '@kinora/dev/harness'
import { connect } from 'amqplib'
import { expect, it } from 'vitest'
import type { ParkedMessage } from '../src/bus/index.ts'
import type { EventEnvelope } from '../src/contract.ts'
import { AppError } from '../src/errors.ts'
import { createMetrics } from '../src/service/telemetry.ts'
import { envelope, events, gate, openBus, peek, provisionRetries } from './bus-kit.ts'

const world = await useTestEnvironment()
const group = 'media'
const retryDelaysMs = [50, 100]
const taskEvents = [events['task.finished']]
await provisionRetries(world, retryDelaysMs)

it('rejects an event that no queue wants, so that its outbox keeps it', async () => {
  const media = await openBus(world, 'media')
  await expect(media.publish(envelope('video.changed', 'early'))).rejects.toMatchObject({ code: 'NO_RESPONDER' })
})

it('takes an event that may be lost where no queue wants it, and does not count it as an error', async () => {
  const metrics = createMetrics('media')
  const media = await openBus(world, 'media', { metrics })
  await media.publish(envelope('video.changed', 'early'), { ifHeard: true })
  expect((await metrics.getSingleMetric('kinora_published_total')?.get())?.values).toMatchObject([
    { labels: { type: 'video.changed', outcome: 'UNHEARD' }, value: 1 },
  ])
})

it('hands an event to one consumer of a group, with data as its schema knows it', async () => {
  const seen: EventEnvelope[] = []
  const handle = async (it: EventEnvelope) => void seen.push(it)
  for (const media of [await openBus(world, 'media'), await openBus(world, 'media')]) {
    await media.subscribe({ group, events: taskEvents, handle, retryDelaysMs })
  }
  const worker = await openBus(world, 'worker')
  const sent = envelope('task.finished', 'one')
  await worker.publish({ ...sent, data: { title: 'one', newerField: true } })
  await worker.publish(envelope('task.finished', 'two'))
  await until(() => seen.length === 2)
  expect(seen.find(({ id }) => id === sent.id)).toEqual(sent)
})

it('retries an event after each delay and then parks it with its error', async () => {
  const attempts: number[] = []
  const parked: ParkedMessage[] = []
  const media = await openBus(world, 'media')
  await media.subscribe({
    group,
    events: taskEvents,
    retryDelaysMs,
    handle: async (_event, { attempt }) => {
      attempts.push(attempt)
      throw new Error('the database said no')
    },
    park: async (message) => void parked.push(message),
  })
  const worker = await openBus(world, 'worker')
  const event = envelope('task.finished', 'unlucky')
  await worker.publish(event)
  await until(() => parked.length === 1)
  expect(attempts).toEqual([1, 2, 3])
  expect(parked[0]).toMatchObject({
    group,
    id: event.id,
    type: 'task.finished',
    attempts: 3,
    error: { code: 'INTERNAL' },
  })
})

it('leaves what failed for good in a queue where nobody else keeps it', async () => {
  const media = await openBus(world, 'media')
  const handle = () => Promise.reject(new AppError('VALIDATION_FAILED'))
  await media.subscribe({ group, events: taskEvents, retryDelaysMs, handle })
  const event = envelope('task.finished', 'unlucky')
  await (await openBus(world, 'worker')).publish(event)
  const lot = await until(async () => {
    const seen = await peek(world.adminAmqpUrl, 'parked.media')
    return seen.count === 1 && seen
  })
  expect(JSON.parse(lot.body ?? '')).toMatchObject({ id: event.id })
})

it('hands a parked message back to its group, to be tried as a new one', async () => {
  const attempts: [string, number][] = []
  const parked: ParkedMessage[] = []
  const media = await openBus(world, 'media')
  await media.subscribe({
    group,
    events: taskEvents,
    retryDelaysMs,
    handle: async ({ id }, { attempt }) => {
      attempts.push([id, attempt])
      if (parked.length === 0) throw new AppError('VALIDATION_FAILED')
    },
    park: async (message) => void parked.push(message),
  })
  const event = envelope('task.finished', 'repaired')
  await (await openBus(world, 'worker')).publish(event)
  await media.redrive(await until(() => parked[0]))
  await until(() => attempts.length === 2)
  expect(attempts).toEqual([
    [event.id, 1],
    [event.id, 1],
  ])
})

it('succeeds at a later attempt', async () => {
  const attempts: number[] = []
  const media = await openBus(world, 'media')
  await media.subscribe({
    group,
    events: taskEvents,
    retryDelaysMs,
    handle: async (_event, { attempt }) => {
      attempts.push(attempt)
      if (attempt < 2) throw new AppError('DEPENDENCY_UNAVAILABLE')
    },
  })
  await (await openBus(world, 'worker')).publish(envelope('task.finished', 'second try'))
  await until(() => attempts.length === 2)
})

it('parks what cannot be decoded at once, and tries again while the parking row cannot be written', async () => {
  let failures = 0
  const parked: ParkedMessage[] = []
  const media = await openBus(world, 'media')
  await media.subscribe({
    group,
    events: taskEvents,
    retryDelaysMs,
    handle: () => Promise.reject(new Error('must not be called')),
    park: async (message) => {
      if (failures++ === 0) throw new Error('the database is away')
      parked.push(message)
    },
  })
  const worker = await connect(world.amqpUrl('worker'))
  const channel = await worker.createChannel()
  channel.publish('events', 'task.finished', Buffer.from('{"half":'), { type: 'task.finished', userId: 'worker' })
  await channel.close()
  await worker.close()
  await until(() => parked.length === 1)
  expect(parked[0]).toMatchObject({ body: '{"half":', attempts: 1, error: { code: 'VALIDATION_FAILED' } })
})

it('gives an unfinished event to another consumer when its own goes away', async () => {
  const started = gate()
  const first = await openBus(world, 'media', { drainMs: 0 })
  await first.subscribe({
    group,
    events: taskEvents,
    retryDelaysMs,
    handle: () => {
      started.open()
      return new Promise(() => {})
    },
  })
  await (await openBus(world, 'worker')).publish(envelope('task.finished', 'orphan'))
  await started.opened
  const seen: unknown[] = []
  const second = await openBus(world, 'media')
  await second.subscribe({ group, events: taskEvents, retryDelaysMs, handle: async (it) => void seen.push(it.data) })
  await first.drain()
  await until(() => seen.length === 1)
  expect(seen).toEqual([{ title: 'orphan' }])
})

it('lets every process that listens hear every event', async () => {
  const heard: string[] = []
  for (const name of ['a', 'b']) {
    const gateway = await openBus(world, 'gateway')
    await gateway.listen(
      [events['video.changed']],
      (it) => heard.push(`${name} ${(it.data as { title: string }).title}`),
      () => {},
    )
  }
  await (await openBus(world, 'media')).publish(envelope('video.changed', 'new'))
  await until(() => heard.length === 2)
  expect(heard.sort()).toEqual(['a new', 'b new'])
})
