import { randomUUID } from 'node:crypto'
import { type Bus, connectBus, type TaskQueue } from '@kinora/common/bus'
import type { EventData, EventEnvelope, EventType } from '@kinora/common/contract'
import {
  type ClaimedTask,
  events,
  type MediaPart,
  media,
  type TaskCause,
  type TaskKind,
  type TaskMessage,
  type TaskResult,
  type ToolRuns,
  type Warning,
} from '@kinora/common/contracts'
import { createLogger } from '@kinora/common/service'
import { keys } from '@kinora/common/storage'
import { type TestEnvironment, until } from '@kinora/dev/harness'
import type { Context } from '../../src/context.ts'
import { resultOf } from './results.ts'

export interface Worker {
  bus: Bus
  /** Messages that came and were not taken by a test yet. */
  messages: TaskMessage[]
  claim(message: TaskMessage, redelivered?: boolean): Promise<ClaimedTask>
  /** The next task of this video in the order of messages, claimed. Those of two queues come in no order. */
  take(videoId: string, kind?: TaskKind, queue?: TaskQueue): Promise<ClaimedTask>
  message(taskId: string, attempt?: number): Promise<TaskMessage>
  release(task: ClaimedTask): Promise<object>
  progress(task: ClaimedTask, fraction: number, written?: MediaPart): Promise<void>
  finish(task: ClaimedTask, result?: TaskResult, tools?: ToolRuns, warnings?: Warning[]): Promise<EventEnvelope>
  fail(task: ClaimedTask, cause: TaskCause, log?: string): Promise<void>
  publish(envelope: EventEnvelope): Promise<void>
}

/** Plays the workers: takes task messages, and says what a worker says, as the broker's user `worker`. */
export async function connectWorker(world: TestEnvironment, ctx: Context): Promise<Worker> {
  const bus = await connectBus({
    url: world.amqpUrl('worker'),
    service: 'worker',
    logger: createLogger('test', 'silent'),
  })
  world.use(bus, 'bus', (it) => it.drain())
  const messages: TaskMessage[] = []
  const handle = async (message: TaskMessage) => {
    messages.push(message)
    return 'done' as const
  }
  for (const queue of ['short', 'long', 'transcribe'] as const) await bus.consumeTasks(queue, { slots: 50, handle })

  const as = () => ({ actor: { kind: 'service', name: 'worker' } as const, requestId: randomUUID(), timeoutMs: 15_000 })
  const say = async <E extends EventType>(event: E, taskId: string, data: EventData<E>) => {
    const occurredAt = new Date().toISOString()
    const about = { id: randomUUID(), type: event.type, version: event.version, aggregateId: taskId, sequence: 1 }
    const envelope = { ...about, occurredAt, data }
    await bus.publish(envelope)
    return envelope
  }
  const worker: Worker = {
    bus,
    messages,
    claim: (message, redelivered = false) =>
      bus.call(media.claimTask, { ...message, worker: 'worker-1', redelivered }, as()),
    async take(videoId, kind, queue) {
      const message = await until(async () => {
        const ofVideo = await tasksOf(ctx, videoId, kind, queue)
        return messages.find(({ taskId, attempt }) => ofVideo.get(taskId) === attempt)
      })
      messages.splice(messages.indexOf(message), 1)
      return await worker.claim(message)
    },
    async message(taskId, attempt) {
      const fits = (message: TaskMessage) =>
        message.taskId === taskId && (attempt === undefined || message.attempt === attempt)
      const found = await until(() => messages.find(fits))
      messages.splice(messages.indexOf(found), 1)
      return found
    },
    release: ({ taskId, attempt, leaseToken }) => bus.call(media.releaseTask, { taskId, attempt, leaseToken }, as()),
    async progress({ taskId, attempt, leaseToken }, fraction, written) {
      await say(events['task.progressed'], taskId, {
        taskId,
        attempt,
        leaseToken,
        fraction,
        ...(written && { written }),
      })
    },
    async finish(
      { taskId, attempt, leaseToken, outputKey, work },
      result = resultOf(work, outputKey),
      tools,
      warnings,
    ) {
      await ctx.store.put(`${outputKey}/file`, 'bytes')
      return await say(events['task.finished'], taskId, {
        taskId,
        attempt,
        leaseToken,
        result,
        ...(tools && { tools }),
        ...(warnings && { warnings }),
      })
    },
    async fail({ taskId, attempt, leaseToken }, cause, log) {
      await say(events['task.failed'], taskId, {
        taskId,
        attempt,
        leaseToken,
        cause,
        ...(log !== undefined && { log }),
      })
    },
    publish: (envelope) => bus.publish(envelope),
  }
  return worker
}

/** Where an attempt writes. */
export function folderOf(task: ClaimedTask): string {
  return keys.attempt(task.videoId, task.taskId, task.attempt)
}

/** The attempts of a video that are queued. */
async function tasksOf(
  ctx: Context,
  videoId: string,
  kind?: TaskKind,
  queue?: TaskQueue,
): Promise<Map<string, number>> {
  let query = ctx.db.selectFrom('tasks').select(['id', 'attempt']).where('video_id', '=', videoId)
  if (kind) query = query.where('kind', '=', kind)
  if (queue) query = query.where('queue', '=', queue)
  const rows = await query.where('state', '=', 'queued').execute()
  return new Map(rows.map((row) => [row.id, row.attempt]))
}
