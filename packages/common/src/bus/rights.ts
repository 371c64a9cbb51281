import type { EventType, ServiceName } from '../contract.ts'

/** Which services each broker user calls. A service that answers requests calls itself, to check that it is reachable. */
export const CALLS: Record<ServiceName, readonly ServiceName[]> = {
  gateway: ['auth', 'media'],
  auth: ['auth'],
  media: ['auth', 'media'],
  worker: ['media'],
  operator: ['auth', 'media'],
}

export function callersOf(service: string): ServiceName[] {
  const names = Object.keys(CALLS) as ServiceName[]
  return names.filter((name) => CALLS[name].some((target) => target === service))
}

export interface Permissions {
  /** Regular expressions over names of exchanges and queues: https://www.rabbitmq.com/docs/access-control */
  configure: string
  write: string
  read: string
}

/** Matches exactly these names and nothing else. */
const exactly = (...names: string[]): string => (names.length > 0 ? `^(${names.map(escapeDots).join('|')})$` : '^$')
const escapeDots = (name: string): string => name.replaceAll('.', '\\.')

/** The broker names private queues itself; names that begin with `amq.` cannot be declared by anybody (AMQP 0-9-1, 2.1). */
const PRIVATE = 'amq\\.gen-[\\w-]+'
const withPrivate = (names: string): string => (names === '^$' ? `^${PRIVATE}$` : `^(${PRIVATE}|${names.slice(2)}`)

/**
 * The least each broker user needs. To declare is to configure; to bind is to write to the queue and to read from the
 * exchange; a dead-letter exchange must be writable by the user that declares the queue. Nobody may configure an exchange:
 * an exchange of one's own, bound to `events`, would pass by the topic permissions.
 */
export function brokerPermissions(user: ServiceName, events: EventType[]): Permissions {
  const serves = callersOf(user).length > 0
  const publishes = events.some(({ publisher }) => publisher === user)
  const subscribes = events.some(({ subscribers }) => subscribers.includes(user))
  const listens = events.some(({ listeners }) => listeners.includes(user))
  const ownRequests = serves ? [`rpc.${user}`] : []
  const taskQueues = ['tasks.ranked.short', 'tasks.ranked.long']
  return {
    configure: withPrivate(exactly(...ownRequests)),
    write: withPrivate(
      exactly(
        ...ownRequests,
        ...CALLS[user].map((target) => `rpc.to.${target}`),
        // To itself, to check that replies arrive.
        ...new Set([user, ...callersOf(user)].map((caller) => `rpc.reply.${caller}`)),
        ...(serves ? ['rpc.returned'] : []),
        ...(publishes ? ['events'] : []),
        ...(subscribes ? [`events.${user}`] : []),
        ...(user === 'media' || user === 'worker' ? ['tasks'] : []),
      ),
    ),
    read: withPrivate(
      exactly(
        `rpc.reply.${user}`,
        'rpc.returned',
        ...(serves ? [`rpc.to.${user}`, ...ownRequests] : []),
        ...(listens ? ['events'] : []),
        ...(subscribes ? [`events.${user}`] : []),
        ...(user === 'worker' ? taskQueues : []),
      ),
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
      exchange: 'events',
      write: exactly(...published.map(({ type }) => type)),
      read: exactly(...heard.map(({ type }) => type)),
    },
    { exchange: 'rpc.returned', write: '^$', read: `^${user}\\.` },
  ]
}
