import type { EventType, ServiceName } from '../contract.ts'
import {
  EVENTS,
  groupExchange,
  groupQueues,
  RETURNED,
  replyExchange,
  replyKey,
  requestExchange,
  requestQueue,
  TASK_QUEUES,
  TASKS,
  taskQueues,
} from './topology.ts'

/** Which services each broker user calls. A service that answers requests calls itself, to check that it is reachable. */
const CALLS: Record<ServiceName, readonly ServiceName[]> = {
  gateway: ['auth', 'media'],
  auth: ['auth'],
  media: ['auth', 'media'],
  worker: ['media'],
  operator: ['auth', 'media'],
}

export const SERVICE_NAMES = Object.keys(CALLS) as ServiceName[]

export function callersOf(service: string): ServiceName[] {
  return SERVICE_NAMES.filter((name) => CALLS[name].some((target) => target === service))
}

export interface Permissions {
  /** Regular expressions over names of exchanges and queues: https://www.rabbitmq.com/docs/access-control */
  configure: string
  write: string
  read: string
}

/** Matches exactly these names and nothing else. */
const exactly = (...names: string[]): string => (names.length > 0 ? oneOf(...names.map(escapeDots)) : '^$')
const oneOf = (...patterns: string[]): string => `^(${patterns.join('|')})$`
const escapeDots = (name: string): string => name.replaceAll('.', '\\.')

/** The broker names private queues itself; names that begin with `amq.` cannot be declared by anybody (AMQP 0-9-1, 2.1). */
const PRIVATE = 'amq\\.gen-[\\w-]+'
const exactlyOrPrivate = (...names: string[]): string => oneOf(PRIVATE, ...names.map(escapeDots))

/**
 * The least each broker user needs. To declare is to configure; to bind is to write to the queue and to read from the
 * exchange; a dead-letter exchange must be writable by the user that declares the queue. Nobody may configure an exchange:
 * an exchange of one's own, bound to `events`, would pass by the topic permissions.
 */
export function brokerPermissions(user: ServiceName, events: EventType[]): Permissions {
  const callers = callersOf(user)
  const publishes = events.some(({ publisher }) => publisher === user)
  const subscribes = events.some(({ subscribers }) => subscribers.includes(user))
  const listens = events.some(({ listeners }) => listeners.includes(user))
  const ownRequests = callers.length > 0 ? [requestQueue(user).name] : []
  const taskSources = TASK_QUEUES.map((kind) => taskQueues(kind).main.name)
  return {
    configure: exactlyOrPrivate(...ownRequests),
    write: exactlyOrPrivate(
      ...ownRequests,
      ...CALLS[user].map((target) => requestExchange(target).name),
      // To itself, to check that replies arrive.
      ...new Set([user, ...callers].map((caller) => replyExchange(caller).name)),
      ...(callers.length > 0 ? [RETURNED.name] : []),
      ...(publishes ? [EVENTS.name] : []),
      ...(subscribes ? [groupExchange(user).name] : []),
      ...(user === 'media' || user === 'worker' ? [TASKS.name] : []),
    ),
    read: exactlyOrPrivate(
      replyExchange(user).name,
      RETURNED.name,
      ...(callers.length > 0 ? [requestExchange(user).name, ...ownRequests] : []),
      ...(listens ? [EVENTS.name] : []),
      ...(subscribes ? [groupQueues(user, [], []).main.name] : []),
      ...(user === 'worker' ? taskSources : []),
    ),
  }
}

export interface TopicPermissions {
  exchange: string
  /** Regular expressions over routing keys. */
  write: string
  read: string
}

/** Which events each broker user may publish and listen to, and whose returned requests it may receive. */
export function topicPermissions(user: ServiceName, events: EventType[]): TopicPermissions[] {
  const published = events.filter(({ publisher }) => publisher === user)
  const heard = events.filter(({ listeners }) => listeners.includes(user))
  return [
    {
      exchange: EVENTS.name,
      write: exactly(...published.map(({ type }) => type)),
      read: exactly(...heard.map(({ type }) => type)),
    },
    { exchange: RETURNED.name, write: '^$', read: `^${escapeDots(replyKey(user, ''))}` },
  ]
}
