import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { managementApi } from '../provision/broker.ts'
import { BROKER_USERS } from '../provision/identities.ts'
import type { ProvidedBacking } from './provide-backing.ts'

type Servers = Pick<ProvidedBacking, 'postgresAdminUrl' | 'rabbitmqManagementUrl' | 'redisUrl'>

/** A server notices a closed socket some milliseconds after the client has closed it; after a SIGKILL as well. */
const GRACE_MS = 2000

/**
 * Rejects, with a line for each connection, while anything is connected to the database and vhost of that name, or to
 * Redis under that client name: what was opened in a test environment was not closed. Takes 50 to 90 ms when all is
 * closed, most of it the login to PostgreSQL.
 */
export async function requireClosed(name: string, servers: Servers): Promise<void> {
  const deadline = performance.now() + GRACE_MS
  for (;;) {
    const open = await openConnections(name, servers)
    if (open.length === 0) return
    if (performance.now() > deadline) throw new Error(`${name} was left with open connections:\n  ${open.join('\n  ')}`)
    await sleep(20)
  }
}

async function openConnections(name: string, servers: Servers): Promise<string[]> {
  const found = [
    openInPostgres(name, servers.postgresAdminUrl),
    openInRabbitmq(name, servers.rabbitmqManagementUrl),
    openInRedis(name, servers.redisUrl),
  ]
  return (await Promise.all(found)).flat()
}

async function openInPostgres(database: string, adminUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    const { rows } = await client.query<{ usename: string; state: string; query: string }>(
      `select usename, state, left(regexp_replace(query, '\\s+', ' ', 'g'), 80) as query from pg_stat_activity
        where datname = $1 and backend_type = 'client backend' order by backend_start`,
      [database],
    )
    return rows.map(({ usename, state, query }) => `PostgreSQL: ${usename}, ${state}, last statement: ${query}`)
  } finally {
    await client.end()
  }
}

/** By user: those lists are kept as connections come and go, while that of a vhost is up to five seconds old. */
async function openInRabbitmq(vhost: string, managementUrl: string): Promise<string[]> {
  const api = managementApi(managementUrl)
  const users = [...BROKER_USERS, decodeURIComponent(new URL(managementUrl).username)]
  const lists = users.map((user) => api.request('GET', `/connections/username/${encodeURIComponent(user)}`))
  const connections = (await Promise.all(lists)).flat() as { vhost: string; user: string; name: string }[]
  return connections.filter((it) => it.vhost === vhost).map(({ user, name }) => `RabbitMQ: ${user}, ${name}`)
}

async function openInRedis(clientName: string, url: string): Promise<string[]> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 })
  redis.on('error', () => {})
  try {
    const clients = String(await redis.client('LIST')).split('\n')
    const open = clients.filter((line) => line.includes(` name=${clientName} `))
    return open.map(
      (line) => `Redis: ${line.match(/ addr=\S+/)?.[0].trim()}, last command: ${line.match(/ cmd=(\S+)/)?.[1]}`,
    )
  } finally {
    redis.disconnect()
  }
}
