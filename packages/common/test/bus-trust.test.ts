import { randomUUID } from 'node:crypto'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { type Channel, type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { type Bus, brokerTopology } from '../src/bus/index.ts'
import type { Contract, EventEnvelope, EventType, Handlers, ServiceName } from '../src/contract.ts'
import { auth, events as contractEvents, media } from '../src/contracts/index.ts'
import { call, connectAs } from './bus-kit.ts'

/**
 * What somebody can do who has the broker password of one service: every event, every method and every exchange is tried
 * as each of them. The lists come from the contracts and from the broker, so what is added later is tried as well.
 */
const environment = await useTestEnvironment()

const USERS: ServiceName[] = ['gateway', 'auth', 'media', 'worker', 'operator']
// Data of any shape: who may publish is decided before the schema, and an attacker knows the schema.
const events: EventType[] = Object.values(contractEvents).map((event) => ({ ...event, data: z.unknown() }))
const methods = [...Object.values(auth), ...Object.values(media)]
const topology = brokerTopology(events)
const EXCHANGES = topology.exchanges.map(({ name }) => name)
const ALL_EXCHANGES = [...EXCHANGES, 'amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers']
const QUEUES = [...topology.queues.map(({ name }) => name), 'rpc.auth', 'rpc.media']

/** What the services took for real: `event <who> <type>` and `call <caller> <method>`. */
const accepted = new Set<string>()
/** Bodies of dead letters: an operator who sends one again vouches for it. */
const parked: string[] = []
const buses: Bus[] = []
const connections: ChannelModel[] = []
afterAll(() => Promise.all([...buses.map((bus) => bus.drain()), ...connections.map((it) => it.close())]))

beforeAll(async () => {
  for (const service of ['auth', 'media'] as const) {
    const bus = await open(service)
    const contract: Contract = service === 'auth' ? auth : media
    await bus.serve(contract, recordingHandlers(contract))
    const subscribed = events.filter(({ subscribers }) => subscribers.includes(service))
    const park = async ({ body }: { body: string }) => void parked.push(body)
    await bus.subscribe({ group: service, events: subscribed, handle: async (it) => record(service, it), park })
  }
  for (const service of ['gateway', 'operator'] as const) {
    const heard = events.filter(({ listeners }) => listeners.includes(service))
    await (await open(service)).listen(
      heard,
      (it) => record(service, it),
      () => {},
    )
  }
})

async function open(service: ServiceName): Promise<Bus> {
  const bus = await connectAs(environment, service)
  buses.push(bus)
  return bus
}

function record(service: ServiceName, { type, data }: EventEnvelope): void {
  accepted.add(`event ${service} ${type} ${(data as { from?: string }).from}`)
}

/** `getJwks` never answers: a call that waits is what a forged reply needs. */
function recordingHandlers(contract: Contract): Handlers<Contract> {
  return Object.fromEntries(
    Object.keys(contract).map((name) => [
      name,
      async (_input: unknown, { actor }: { actor: { kind: string; name?: string } }) => {
        accepted.add(`call ${actor.kind === 'service' ? actor.name : actor.kind} ${name}`)
        if (name === 'getJwks') await new Promise(() => {})
        return {}
      },
    ]),
  )
}

/** Runs `act` on a channel of its own; a refusal closes the channel and gives the broker's code. */
async function attempt(
  user: ServiceName,
  act: (channel: ConfirmChannel) => Promise<unknown>,
): Promise<number | 'done'> {
  const channel = await (await connectionOf(user)).createConfirmChannel()
  let code: number | undefined
  const closed = new Promise<void>((resolve) => {
    channel.on('error', (error: { code?: number }) => {
      code = error.code
      resolve()
    })
  })
  const done = (async () => {
    await act(channel)
    await channel.waitForConfirms()
    return 'done' as const
  })()
  const outcome = await Promise.race([done.catch(() => undefined), closed])
  if (outcome === 'done' && code === undefined) await channel.close()
  return outcome ?? code ?? 0
}

const opened = new Map<ServiceName, Promise<ChannelModel>>()
function connectionOf(user: ServiceName): Promise<ChannelModel> {
  const known = opened.get(user)
  if (known) return known
  const connection = connect(environment.amqpUrl(user)).then((it) => {
    connections.push(it)
    return it
  })
  opened.set(user, connection)
  return connection
}

function body(type: string, from: string): Buffer {
  const envelope = { id: randomUUID(), type, version: 1, occurredAt: new Date().toISOString(), aggregateId: 'a' }
  return Buffer.from(JSON.stringify({ ...envelope, sequence: 1, data: { from } }))
}

function send(exchange: string, key: string, content: Buffer, options: Options.Publish) {
  return async (channel: Channel) => void channel.publish(exchange, key, content, options)
}

/** Resolves when everything that was published before has been received. */
async function everythingArrived(): Promise<void> {
  const mark = randomUUID()
  for (const event of events) {
    const { publisher, type } = event
    await attempt(publisher, send('events', type, body(type, mark), { type, userId: publisher }))
    for (const receiver of [...event.subscribers, ...event.listeners]) {
      await until(() => accepted.has(`event ${receiver} ${type} ${mark}`))
    }
  }
}

it('takes an event from its publisher', async () => {
  await everythingArrived()
  expect(accepted.size).toBeGreaterThan(0)
})

it.each(USERS)(
  'takes no event of others from %s, under any key, type or exchange',
  { timeout: 120_000 },
  async (user) => {
    const own = events.filter(({ publisher }) => publisher === user)
    const from = `forged by ${user}`
    for (const destination of ALL_EXCHANGES) {
      await all(ALL_EXCHANGES, (source) => attempt(user, (it) => it.bindExchange(destination, source, '#')))
    }
    for (const name of [`tasks.${randomUUID()}`, `events.${user}.x`, randomUUID()]) {
      expect(await attempt(user, (it) => it.assertExchange(name, 'fanout'))).toBe(403)
    }
    for (const { type, publisher } of events) {
      const forged = body(type, from)
      expect(await attempt(user, send('events', type, forged, { type, userId: other(user) }))).not.toBe('done')
      if (publisher === user) continue
      for (const signed of [{ userId: user }, {}]) {
        expect(await attempt(user, send('events', type, forged, { type, ...signed }))).toBe(403)
        await all(own, (it) => attempt(user, send('events', it.type, forged, { type: it.type, ...signed })))
        await all(own, (it) => attempt(user, send('events', it.type, forged, { type, ...signed })))
        for (const headers of [{}, { 'x-delivery-count': 9 }, { 'x-attempt': 9 }]) {
          const options = { type, headers, ...signed }
          await all(ALL_EXCHANGES, (exchange) => attempt(user, send(exchange, type, forged, options)))
        }
      }
    }
    await everythingArrived()
    const taken = [...accepted].filter((it) => it.startsWith('event') && it.endsWith(from))
    expect(taken).toEqual([])
    expect(parked.filter((it) => it.includes(from))).toEqual([])
  },
)

function all<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<unknown> {
  return Promise.all(items.map(act))
}

function other(user: ServiceName): ServiceName {
  return user === 'auth' ? 'media' : 'auth'
}

it.each(USERS)('runs for %s only the methods that it may call', { timeout: 120_000 }, async (user) => {
  accepted.clear()
  await all(methods, async ({ service, name }) => {
    const request = Buffer.from(JSON.stringify({ actor: { kind: 'service', name: 'gateway' }, input: {} }))
    const options = { type: name, correlationId: 'c', expiration: '5000', userId: user }
    await attempt(user, send(`rpc.to.${service}`, `${user}.x`, request, options))
    await attempt(user, send(`rpc.to.${service}`, 'gateway.x', request, options))
  })
  await everythingArrived()
  const allowed = methods.filter(({ callers }) => callers.includes(user)).map(({ name }) => name)
  const ran = [...accepted].filter((it) => it.startsWith('call')).map((it) => it.split(' ')[2] ?? '')
  expect(ran.filter((name) => !allowed.includes(name))).toEqual([])
  if (user === 'gateway') expect(ran.length).toBeGreaterThan(0)
})

it.each(USERS.filter((name) => name !== 'gateway'))('takes no reply to a call of the gateway from %s', async (user) => {
  const admin = await connect(environment.adminAmqpUrl)
  connections.push(admin)
  const tap = await admin.createChannel()
  const { queue } = await tap.assertQueue('', { exclusive: true })
  await tap.bindQueue(queue, 'rpc.to.auth', '')
  const gateway = await open('gateway')
  const waiting = gateway.call(auth.getJwks, {}, { ...call, timeoutMs: 1500 }).then(
    () => 'answered',
    ({ code }) => code,
  )
  // The worst case: the attacker knows where the gateway waits, and for what.
  const request = await until(() => tap.get(queue).then((message) => message || undefined))
  const { correlationId } = request.properties
  const reply = Buffer.from('{"keys":[],"retired":[]}')
  for (const exchange of ALL_EXCHANGES) {
    for (const signed of [{ userId: user }, {}]) {
      const options = { type: '=ok', correlationId, ...signed }
      // Auth is who was called: its reply would be right.
      if (user !== 'auth' || exchange !== 'rpc.reply.gateway' || !signed.userId) {
        await attempt(user, send(exchange, request.fields.routingKey, reply, options))
      }
    }
  }
  expect(await waiting).toBe('TIMEOUT')
})

it.each(USERS)('lets %s neither change nor read what belongs to others', { timeout: 120_000 }, async (user) => {
  const foreign = (name: string) => name !== `rpc.${user}` && name !== `events.${user}`
  await all(EXCHANGES, async (name) => {
    expect(await attempt(user, (it) => it.deleteExchange(name))).toBe(403)
    expect(await attempt(user, (it) => it.assertExchange(name, 'fanout'))).toBe(403)
  })
  await all(QUEUES.filter(foreign), async (name) => {
    expect(await attempt(user, (it) => it.deleteQueue(name)), name).toBe(403)
    if (user === 'worker' && name.startsWith('tasks.ranked.') && !name.endsWith('later')) return
    expect(await attempt(user, (it) => it.purgeQueue(name)), name).toBe(403)
    expect(await attempt(user, (it) => it.consume(name, () => {})), name).toBe(403)
    expect(await attempt(user, (it) => it.bindQueue(name, 'events', '#')), name).toBe(403)
    expect(await attempt(user, send('', name, Buffer.from('{}'), { userId: user })), name).toBe(403)
  })
})

it.each(USERS)('lets %s listen to its own events, replies and returned requests only', async (user) => {
  const heard = events.filter(({ listeners }) => listeners.includes(user)).map(({ type }) => type)
  const keys = ['#', '*.*', 'gateway.x', 'media.x', ...events.map(({ type }) => type)]
  for (const exchange of EXCHANGES) {
    await all(keys, async (key) => {
      const outcome = await attempt(user, async (channel) => {
        const { queue } = await channel.assertQueue('', { exclusive: true })
        await channel.bindQueue(queue, exchange, key)
      })
      const allowed =
        (exchange === 'events' && heard.includes(key)) ||
        exchange === `rpc.reply.${user}` ||
        exchange === `rpc.to.${user}` ||
        (exchange === `events.${user}` && user !== 'gateway') ||
        (exchange === 'rpc.returned' && key.startsWith(`${user}.`))
      expect([exchange, key, outcome]).toEqual([exchange, key, allowed ? 'done' : 403])
    })
  }
})
