import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsumeMessage } from 'amqplib'
import type { ServiceName } from '../contract.ts'
import { TaskMessage } from '../contracts/work.ts'
import type { Logger } from '../service/telemetry.ts'
import type { ConsumeTasksOptions, TaskOutcome, TaskQueue } from './bus.ts'
import type { Link } from './link.ts'
import type { Publisher } from './publisher.ts'
import { type Delivery, QueueConsumer } from './queue-consumer.ts'
import { laterKey, TASKS, taskQueues } from './topology.ts'
import { tracedReceive } from './tracing.ts'

const REPUBLISH_PAUSE_MS = 1000
/** Media sends tasks; a worker sends on what it puts off. */
const SENDERS: ReadonlySet<string> = new Set<ServiceName>(['media', 'worker'])
const DELIVERED_HEADER = 'x-delivered-before'

/** A consumer of one of the task queues: as many messages at a time as there are slots, acknowledged at the end. */
export function createTaskConsumer(
  link: Link,
  publisher: Publisher,
  logger: Logger,
  kind: TaskQueue,
  { slots, handle }: ConsumeTasksOptions,
): QueueConsumer {
  const { main, later } = taskQueues(kind)

  async function work({ message, signal }: Delivery): Promise<TaskOutcome> {
    const { userId } = message.properties
    if (!SENDERS.has(userId)) {
      logger.error({ queue: main.name, userId }, 'a task message from a sender that sends no tasks was dropped')
      return 'done'
    }
    const task = parseTask(message.content)
    if (!task) {
      logger.error({ queue: main.name }, 'a task message cannot be read and is dropped')
      return 'done'
    }
    const headers = message.properties.headers ?? {}
    const redelivered = wasDelivered(message)
    return tracedReceive('consumer', main.name, headers, () => handle(task, { redelivered, signal }))
  }

  async function postpone({ message, signal, ack }: Delivery): Promise<void> {
    const publication = {
      exchange: TASKS.name,
      key: laterKey(kind),
      type: later.name,
      body: message.content,
      priority: message.properties.priority ?? 0,
      // To the broker it is a new message.
      headers: { [DELIVERED_HEADER]: wasDelivered(message) },
    }
    while (!signal.aborted) {
      try {
        await publisher.publish(publication)
        return ack()
      } catch {
        await sleep(REPUBLISH_PAUSE_MS)
      }
    }
  }

  async function settle(delivery: Delivery): Promise<void> {
    const outcome = await work(delivery).catch((error: unknown): TaskOutcome => {
      logger.error({ err: error, queue: main.name }, 'a task handler failed; the task comes back later')
      return 'later'
    })
    if (outcome === 'done') delivery.ack()
    else if (outcome === 'requeue') delivery.requeue()
    else await postpone(delivery)
  }

  return new QueueConsumer(link, {
    name: `tasks ${kind}`,
    queue: main.name,
    prefetch: slots,
    declare: async (channel) => {
      await channel.checkQueue(main.name)
      await channel.checkQueue(later.name)
    },
    handle: settle,
  })
}

/** Somebody had it before, who may hold what it is about. */
function wasDelivered({ fields, properties: { headers } }: ConsumeMessage): boolean {
  return fields.redelivered || headers?.[DELIVERED_HEADER] === true || Number(headers?.['x-delivery-count'] ?? 0) > 0
}

function parseTask(content: Buffer): TaskMessage | undefined {
  try {
    return TaskMessage.parse(JSON.parse(content.toString()))
  } catch {
    return undefined
  }
}
