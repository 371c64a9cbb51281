import { connect } from 'amqplib'
import { Redis } from 'ioredis'
import pg from 'pg'

// Each function makes one attempt, of 2 s at most, and throws when the server does not answer; the caller repeats it.

export async function probePostgres(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
  } finally {
    await client.end().catch(() => {})
  }
}

/** Both ports must answer, because the management port opens last. */
export async function probeRabbitmq(amqpUrl: string, managementUrl: string): Promise<void> {
  const connection = await connect(amqpUrl, { timeout: 2000 })
  connection.on('error', () => {})
  await connection.close()
  const { origin, username, password } = new URL(managementUrl)
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const answer = await fetch(`${origin}/api/overview`, {
    headers: { authorization },
    signal: AbortSignal.timeout(2000),
  })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`RabbitMQ management answered ${answer.status}`)
}

export async function probeRedis(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2000 })
  redis.on('error', () => {})
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}

/** Any status will do: the server may be up and refuse requests without credentials. */
export async function probeHttp(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) })
  await answer.body?.cancel()
}
