import type { Options } from 'amqplib'
import type { EventType } from '../contract.ts'
import { callersOf, SERVICE_NAMES } from './rights.ts'
import {
  EVENTS,
  groupExchange,
  groupQueues,
  RETRY_DELAYS_MS,
  RETURNED,
  replyExchange,
  requestExchange,
  TASK_QUEUES,
  TASKS,
  taskQueues,
} from './topology.ts'

/** As `POST /api/definitions/<vhost>` of RabbitMQ's management takes it. */
export interface BrokerTopology {
  exchanges: { name: string; type: string; durable: true; auto_delete: false; internal: false; arguments: object }[]
  queues: { name: string; durable: true; auto_delete: false; arguments: Record<string, unknown> }[]
  bindings: {
    source: string
    destination: string
    destination_type: 'queue'
    routing_key: string
    arguments: Record<string, unknown>
  }[]
}

/** All exchanges and all shared queues with their bindings. */
export function brokerTopology(
  events: EventType[],
  retryDelaysMs: readonly number[] = RETRY_DELAYS_MS,
): BrokerTopology {
  const groups = [...new Set(events.flatMap(({ subscribers }) => subscribers))]
  const services = SERVICE_NAMES.filter((name) => callersOf(name).length > 0)
  const exchanges = [EVENTS, TASKS, RETURNED, ...services.map(requestExchange), ...SERVICE_NAMES.map(replyExchange)]
  const queues = TASK_QUEUES.flatMap((kind) => Object.values(taskQueues(kind)))
  for (const group of groups) {
    const types = events.filter(({ subscribers }) => subscribers.includes(group)).map(({ type }) => type)
    const { main, others } = groupQueues(group, types, retryDelaysMs)
    exchanges.push(groupExchange(group))
    queues.push(main, ...others)
  }
  return {
    exchanges: exchanges.map(({ name, type }) => {
      return { name, type, durable: true, auto_delete: false, internal: false, arguments: {} }
    }),
    queues: queues.map(({ name, options }) => {
      return { name, durable: true, auto_delete: false, arguments: queueArguments(options) }
    }),
    bindings: queues.flatMap(({ name, bindings }) =>
      bindings.map(({ exchange, key }) => {
        return { source: exchange.name, destination: name, destination_type: 'queue', routing_key: key, arguments: {} }
      }),
    ),
  }
}

/** The options of amqplib by the names that the broker knows. */
function queueArguments(options: Options.AssertQueue): Record<string, unknown> {
  const named = {
    'x-dead-letter-exchange': options.deadLetterExchange,
    'x-dead-letter-routing-key': options.deadLetterRoutingKey,
    'x-message-ttl': options.messageTtl,
    'x-max-priority': options.maxPriority,
  }
  const given = Object.entries(named).filter(([, value]) => value !== undefined)
  return { ...(options.arguments as Record<string, unknown> | undefined), ...Object.fromEntries(given) }
}
