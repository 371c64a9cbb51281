import { randomUUID } from 'node:crypto'
import { connectBus } from '@kinora/common/bus'
import { type ClaimedTask, events, media, type TaskKind } from '@kinora/common/contracts'
import { createLogger } from '@kinora/common/service'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { resultOf } from './support/results.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const [eager, patient] = [someUser(), someUser()]

const bus = await connectBus({
  url: world.amqpUrl('worker'),
  service: 'worker',
  logger: createLogger('test', 'silent'),
})
world.use(bus, 'bus', (it) => it.drain())

/** Takes one task after the other from a queue and finishes it at once; returns whose video it was and what, in order. */
async function work(queue: 'short' | 'long', isLast: (taken: Taken[]) => boolean): Promise<Taken[]> {
  const taken: Taken[] = []
  let ended = false
  const consumer = await bus.consumeTasks(queue, {
    slots: 1,
    async handle(message) {
      if (ended) return 'requeue'
      const task = await bus.call(
        media.claimTask,
        { ...message, worker: 'one', redelivered: false },
        { actor: { kind: 'service', name: 'worker' }, requestId: randomUUID(), timeoutMs: 15_000 },
      )
      taken.push({ videoId: task.videoId, kind: task.work.kind })
      ended = isLast(taken)
      await finish(task)
      return 'done'
    },
  })
  await until(() => ended, { timeoutMs: 30_000 })
  await consumer.stop()
  return taken
}

interface Taken {
  videoId: string
  kind: TaskKind
}

async function finish({ taskId, attempt, leaseToken, work, outputKey }: ClaimedTask): Promise<void> {
  const { type, version } = events['task.finished']
  const about = { id: randomUUID(), type, version, occurredAt: new Date().toISOString(), aggregateId: taskId }
  const data = { taskId, attempt, leaseToken, result: resultOf(work, outputKey) }
  await bus.publish({ ...about, sequence: 1, data })
  await until(async () => {
    const row = await ctx.db.selectFrom('tasks').select('state').where('id', '=', taskId).executeTakeFirst()
    return row?.state === 'done'
  })
}

test('who uploads one video does not wait behind another who uploads many, and the first seconds come before the rest', async () => {
  const many: string[] = []
  for (let n = 0; n < 4; n++) many.push((await gateway.upload(eager)).id)
  const one = (await gateway.upload(patient)).id
  await until(async () => (await ctx.db.selectFrom('outbox').selectAll().execute()).length === 0)

  const probes = (taken: Taken[]) => taken.filter(({ kind }) => kind === 'probe')
  const isPlayable = (taken: Taken[]) => taken.filter(({ kind }) => kind === 'audio' || kind === 'video').length === 10
  const short = await work('short', isPlayable)
  const order = probes(short).map(({ videoId }) => videoId)
  // Both have one first video; the second of the eager one comes after both.
  expect(order.slice(0, 2).sort()).toEqual([many[0], one].sort())
  expect(order.slice(2)).toEqual(many.slice(1))
  // Not one poster before the last probe.
  const beforeLastProbe = short.slice(
    0,
    short.findLastIndex(({ kind }) => kind === 'probe'),
  )
  expect(beforeLastProbe.filter(({ kind }) => kind === 'poster')).toEqual([])

  await until(async () => (await ctx.db.selectFrom('outbox').selectAll().execute()).length === 0)
  const long = await work('long', (taken) => taken.length === 10)
  const owners = long.map(({ videoId }) => videoId)
  expect(new Set(owners.slice(0, 4))).toEqual(new Set([many[0], one]))
  expect(owners.slice(4)).toEqual([many[1], many[1], many[2], many[2], many[3], many[3]])
})
