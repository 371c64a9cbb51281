import { useTestEnvironment } from '@kinora/dev/harness'
import { type Channel, connect } from 'amqplib'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Bus, ServiceName } from '../src/bus/index.ts'
import { connectAs, events, media } from './bus-kit.ts'

const world = await useTestEnvironment()

const buses: Bus[] = []
afterAll(() => Promise.all(buses.map((bus) => bus.drain())))

/** Everything that the four services declare, in the order that suits them least. */
beforeAll(async () => {
  const gateway = await connectAs(world, 'gateway')
  await gateway.listen(
    [events['video.changed']],
    () => {},
    () => {},
  )
  const worker = await connectAs(world, 'worker')
  for (const kind of ['short', 'long'] as const) {
    await worker.consumeTasks(kind, { slots: 1, handle: async () => 'done' })
  }
  const server = await connectAs(world, 'media')
  await server.subscribe({ group: 'media', events: [events['task.finished']], handle: async () => {} })
  const answer = async () => ({ text: '' })
  await server.serve(media, { echo: answer, fail: answer, addOne: answer, whoAmI: answer })
  buses.push(gateway, worker, server)
})

/** How the broker answers that user: `allowed`, or the code it closes the channel with. */
async function asUser(user: ServiceName, act: (channel: Channel) => Promise<unknown>): Promise<unknown> {
  const connection = await connect(world.amqpUrl(user))
  onTestFinished(() => connection.close())
  const channel = await connection.createConfirmChannel()
  channel.on('error', () => {})
  return act(channel).then(
    () => 'allowed',
    (error: { code?: number }) => error.code,
  )
}

/** Resolves when the broker took the message; rejects with its code when it closed the channel instead. */
function publish(exchange: string, key: string, options = {}): (channel: Channel) => Promise<void> {
  return (channel) =>
    new Promise((resolve, reject) => {
      channel.on('error', reject)
      channel.on('ack', () => resolve())
      channel.publish(exchange, key, Buffer.from('{}'), options)
    })
}

const REFUSED = 403

it.each<[ServiceName, string, string]>([
  ['worker', 'rpc.to.auth', 'x'],
  ['auth', 'rpc.to.media', 'x'],
  ['media', 'rpc.to.auth', 'x'],
  ['gateway', 'rpc.reply', 'x'],
  ['worker', 'rpc.reply', 'x'],
  ['gateway', 'tasks', 'short'],
  ['auth', 'tasks', 'short'],
  ['gateway', 'events', 'auth.sessions-revoked'],
  ['worker', 'events', 'auth.sessions-revoked'],
  ['worker', 'events', 'video.changed'],
  ['auth', 'events', 'task.finished'],
  ['worker', '', 'rpc.auth'],
  ['gateway', '', 'tasks.ranked.short'],
  ['media', '', 'rpc.auth'],
  ['operator', 'rpc.reply', 'x'],
  ['operator', 'tasks', 'short'],
  ['operator', 'events', 'auth.sessions-revoked'],
  ['operator', '', 'rpc.auth'],
])('%s may not publish to %j with %s', async (user, exchange, key) => {
  const setUp = await connect(world.adminAmqpUrl)
  const channel = await setUp.createChannel()
  await channel.assertExchange('rpc.to.auth', 'fanout')
  await setUp.close()
  expect(await asUser(user, publish(exchange, key))).toBe(REFUSED)
})

it.each<[ServiceName, string]>([
  ['gateway', 'rpc.media'],
  ['worker', 'rpc.media'],
  ['worker', 'events.media'],
  ['gateway', 'events.media'],
  ['gateway', 'tasks.ranked.short'],
  ['auth', 'rpc.media'],
  ['media', 'parked.media'],
  ['operator', 'rpc.media'],
  ['operator', 'events.media'],
])('%s may not consume %s', async (user, queue) => {
  expect(await asUser(user, (channel) => channel.consume(queue, () => {}))).toBe(REFUSED)
})

it.each<[ServiceName, string]>([
  ['gateway', 'rpc.media'],
  ['worker', 'rpc.media'],
  ['auth', 'tasks.ranked.long'],
])('%s may not delete %s', async (user, queue) => {
  expect(await asUser(user, (channel) => channel.deleteQueue(queue))).toBe(REFUSED)
})

it('lets nobody sign a message with the name of another', async () => {
  expect(await asUser('worker', publish('rpc.to.media', 'x', { userId: 'gateway' }))).toBe(406)
})

it('lets the operator listen to what webhooks are told, and to nothing else', async () => {
  const listen = (key: string) => async (channel: Channel) => {
    const { queue } = await channel.assertQueue('', { exclusive: true })
    await channel.bindQueue(queue, 'events', key)
  }
  expect(await asUser('operator', listen('video.milestone-reached'))).toBe('allowed')
  for (const key of ['auth.sessions-revoked', 'video.changed', '#']) {
    expect(await asUser('operator', listen(key))).toBe(REFUSED)
  }
})

it('lets nobody listen to what the gateway is answered', async () => {
  const eavesdrop = async (channel: Channel) => {
    const { queue } = await channel.assertQueue('', { exclusive: true })
    await channel.bindQueue(queue, 'rpc.reply', 'somebody')
  }
  expect(await asUser('media', eavesdrop)).toBe(REFUSED)
  expect(await asUser('auth', eavesdrop)).toBe(REFUSED)
})
