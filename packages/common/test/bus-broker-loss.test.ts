import { privateBroker, until } from '@kinora/dev/harness'
import { connect } from 'amqplib'
import { expect, it } from 'vitest'
import type { Bus } from '../src/bus/index.ts'
import type { AppError } from '../src/errors.ts'
import { call, connectAs, envelope, events, gate, media, openBus } from './bus-kit.ts'

const broker = await privateBroker()

const answer = async ({ text }: { text: string }) => ({ text })
const handlers = { echo: answer, fail: answer, addOne: answer, whoAmI: async () => ({}) }

function outcomeOf(client: Bus, timeoutMs = 2000): Promise<string> {
  return client.call(media.echo, { text: 'x' }, { ...call, timeoutMs }).then(
    () => 'answered',
    (error: AppError) => error.code,
  )
}

/** Keeps `width` calls going until stopped; every call that began has an entry in the result. */
function load(client: Bus, width: number): { stop(): Promise<Map<string, number>> } {
  const outcomes = new Map<string, number>()
  let running = true
  const lanes = Array.from({ length: width }, async () => {
    while (running) {
      const outcome = await outcomeOf(client)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      if (outcome !== 'answered') await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })
  return {
    stop: async () => {
      running = false
      await Promise.all(lanes)
      return outcomes
    },
  }
}

it('ends every call and works again by itself after the broker was killed under load', {
  timeout: 120_000,
}, async () => {
  const server = await openBus(broker, 'media')
  await server.serve(media, handlers)
  const done: string[] = []
  await server.subscribe({
    group: 'media',
    events: [events['task.finished']],
    handle: async ({ id }) => void done.push(id),
  })
  const client = await openBus(broker, 'gateway')
  let gaps = 0
  const heard: string[] = []
  await client.listen(
    [events['video.changed']],
    ({ id }) => heard.push(id),
    () => void gaps++,
  )
  const worker = await openBus(broker, 'worker')
  const confirmed = envelope('task.finished', 'before')
  await worker.publish(confirmed)

  const traffic = load(client, 32)
  await until(async () => (await outcomeOf(client)) === 'answered')
  await broker.control.kill()
  expect(await outcomeOf(client)).toBe('NOT_SENT')
  await expect(worker.publish(envelope('task.finished', 'refused'))).rejects.toMatchObject({ code: 'NOT_SENT' })
  expect(client.status().connected).toBe(false)
  await broker.control.start()
  await until(async () => (await outcomeOf(client)) === 'answered', { timeoutMs: 20_000 })
  const outcomes = await traffic.stop()

  const expected = new Set(['answered', 'CONNECTION_LOST', 'NOT_SENT', 'NO_RESPONDER', 'TIMEOUT'])
  expect([...outcomes.keys()].filter((code) => !expected.has(code))).toEqual([])
  await until(() => client.status().connected)
  expect(client.status().breakers).toEqual({ media: 'closed' })
  await until(() => gaps === 1)
  const after = envelope('task.finished', 'after')
  // A queue that is still recovering may leave the first try without a confirm.
  await until(() => worker.publish(after).then(() => true), { timeoutMs: 30_000 })
  await until(() => done.includes(confirmed.id) && done.includes(after.id))
  const news = envelope('video.changed', 'news')
  await until(() => server.publish(news).then(() => true), { timeoutMs: 30_000 })
  await until(() => heard.includes(news.id))
})

it('ends calls at their deadline while the broker is frozen, and goes on when it thaws', async () => {
  const server = await openBus(broker, 'media')
  await server.serve(media, handlers)
  const client = await openBus(broker, 'gateway')
  expect(await outcomeOf(client)).toBe('answered')
  await broker.control.pause()
  try {
    expect(await outcomeOf(client, 200)).toBe('TIMEOUT')
  } finally {
    await broker.control.resume()
  }
  await until(async () => (await outcomeOf(client)) === 'answered', { timeoutMs: 20_000 })
})

it('serves again after somebody deleted its queue', async () => {
  const server = await openBus(broker, 'media')
  await server.serve(media, handlers)
  const client = await openBus(broker, 'gateway')
  expect(await outcomeOf(client)).toBe('answered')
  const admin = await connect(broker.adminAmqpUrl)
  const channel = await admin.createChannel()
  await channel.deleteQueue('rpc.media')
  await admin.close()
  await until(async () => (await outcomeOf(client)) === 'answered')
})

it('gives up at once when the broker does not know the user', async () => {
  const wrong = { amqpUrl: () => broker.amqpUrl('auth').replace(/:[^:@/]+@/, ':wrong@') }
  await expect(connectAs(wrong, 'auth')).rejects.toThrow('RabbitMQ refuses')
})

it('waits for a broker that is not there yet', { timeout: 60_000 }, async () => {
  await broker.control.stop()
  const connecting = connectAs(broker, 'gateway')
  const first = gate()
  setTimeout(first.open, 300)
  expect(await Promise.race([connecting, first.opened])).toBeUndefined()
  await broker.control.start()
  const bus = await connecting
  expect(bus.status().connected).toBe(true)
  await bus.drain()
})

it('stops waiting for a broker when it is told to', async () => {
  const nobody = { amqpUrl: () => 'amqp://a:b@127.0.0.1:1' }
  await expect(connectAs(nobody, 'gateway', { signal: AbortSignal.timeout(100) })).rejects.toThrow()
})

it('notices that no reply arrives any more, and opens a new reply queue', { timeout: 60_000 }, async () => {
  const server = await openBus(broker, 'media')
  await server.serve(media, handlers)
  const client = await openBus(broker, 'gateway')
  expect(await outcomeOf(client)).toBe('answered')
  const admin = await connect(broker.adminAmqpUrl)
  const channel = await admin.createChannel()
  await channel.deleteExchange('rpc.reply.gateway')
  await channel.assertExchange('rpc.reply.gateway', 'direct')
  await admin.close()
  // All bindings are gone with the exchange, and no channel was closed.
  expect(await outcomeOf(client, 200)).toBe('TIMEOUT')
  await until(() => !client.status().reachable, { timeoutMs: 30_000 })
  await until(async () => (await outcomeOf(client, 500)) === 'answered', { timeoutMs: 30_000 })
  await until(() => client.status().reachable, { timeoutMs: 30_000 })
})
