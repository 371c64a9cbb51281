import { randomUUID } from 'node:crypto'
import { type Bus, connectBus } from '@kinora/common/bus'
import type { EventData, EventEnvelope, Handlers } from '@kinora/common/contract'
import { type ClaimedTask, events, media, type TaskWork } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { createLogger } from '@kinora/common/service'
import type { TestEnvironment } from '@kinora/dev/harness'

type Progressed = EventData<(typeof events)['task.progressed']>

/** Media as a worker sees it: offers the tasks of a test, and records the events it receives. */
export interface MediaStub {
  /** Creates a task and sends its message. */
  offer(queue: 'short' | 'long', work: TaskWork, options?: { leaseMs?: number }): Promise<ClaimedTask>
  /** Sends the message of a task that media does not know. */
  offerGone(queue: 'short' | 'long'): Promise<void>
  serve(): Promise<void>
  /** The number of claims that are granted while their answers are lost. */
  loseAnswers: number
  claims: { taskId: string; worker: string; redelivered: boolean }[]
  released: string[]
  /** The events of a task in order. */
  heard(taskId: string): EventEnvelope[]
  progressOf(taskId: string): number[]
  bus: Bus
}

export async function openMediaStub(world: TestEnvironment): Promise<MediaStub> {
  const bus = await connectBus({
    url: world.amqpUrl('media'),
    service: 'media',
    logger: createLogger('media', 'silent'),
  })
  world.use(bus, 'media', (it) => it.drain())
  const tasks = new Map<string, ClaimedTask>()
  const heard: EventEnvelope[] = []
  await bus.subscribe({
    group: 'media',
    events: [events['task.progressed'], events['task.finished'], events['task.failed']],
    handle: async (envelope) => void heard.push(envelope),
  })

  const stub: MediaStub = {
    bus,
    loseAnswers: 0,
    claims: [],
    released: [],
    heard: (taskId) => heard.filter((event) => event.aggregateId === taskId),
    progressOf: (taskId) =>
      stub
        .heard(taskId)
        .filter(({ type }) => type === 'task.progressed')
        .map(({ data }) => (data as Progressed).fraction),
    async offer(queue, work, { leaseMs = 10_000 } = {}) {
      const [taskId, videoId] = [randomUUID(), randomUUID()]
      const outputKey = `videos/${videoId}/${taskId}-1`
      const task = { taskId, videoId, attempt: 1, leaseToken: randomUUID(), leaseMs, outputKey, work }
      tasks.set(taskId, task)
      await bus.sendTask(queue, { taskId, attempt: 1 })
      return task
    },
    offerGone: (queue) => bus.sendTask(queue, { taskId: randomUUID(), attempt: 1 }),
    serve: () => bus.serve(media, handlers()),
  }
  return stub

  function handlers(): Handlers<typeof media> {
    const unused = Object.fromEntries(
      Object.keys(media).map((name) => [name, async () => Promise.reject(unexpected(name))]),
    )
    const used: Pick<Handlers<typeof media>, 'claimTask' | 'releaseTask'> = {
      claimTask: async ({ taskId, worker, redelivered }) => {
        stub.claims.push({ taskId, worker, redelivered })
        const task = tasks.get(taskId)
        if (!task) throw new AppError('TASK_GONE')
        if (stub.loseAnswers-- > 0) throw new AppError('TIMEOUT')
        return task
      },
      releaseTask: async ({ taskId }) => {
        stub.released.push(taskId)
        return {}
      },
    }
    return { ...unused, ...used } as Handlers<typeof media>
  }
}

function unexpected(name: string): Error {
  return new Error(`a worker does not call ${name}`)
}
