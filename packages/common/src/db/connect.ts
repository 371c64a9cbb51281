import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Logger } from '../service/telemetry.ts'

export interface DbOptions {
  url: string
  schema: string
  logger: Logger
  poolSize?: number
}

/** A connection pool that fails within seconds when PostgreSQL is away, instead of letting requests wait. */
export function connectDb<T>({ url, schema, logger, poolSize = 10 }: DbOptions): Kysely<T> {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    // Below the 5 s that a caller waits by default: a later result would be discarded.
    connectionTimeoutMillis: 4000,
    statement_timeout: 4000,
    // A frozen server does not enforce its own statement timeout.
    query_timeout: 4500,
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
    options: `-c search_path=${schema}`,
  })
  // A lost connection emits an error, in use or idle, which would end the process without a listener. A running query
  // fails by itself, and the pool drops the connection.
  pool.on('connect', (client) => {
    client.on('error', (error) => logger.warn({ err: error }, 'database connection lost'))
  })
  pool.on('error', () => {})
  return new Kysely<T>({ dialect: new PostgresDialect({ pool }) })
}
