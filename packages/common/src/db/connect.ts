import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Logger } from '../service/telemetry.ts'

export interface DbOptions {
  url: string
  schema: string
  logger: Logger
  poolSize?: number
}

/** A pool that answers within seconds when PostgreSQL is away, instead of letting requests wait for it. */
export function connectDb<T>({ url, schema, logger, poolSize = 10 }: DbOptions): Kysely<T> {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    // These are below the 5 s that a caller waits by default; after that the answer is for nobody.
    connectionTimeoutMillis: 4000,
    statement_timeout: 4000,
    // A server that is frozen does not even end its statements.
    query_timeout: 4500,
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
    options: `-c search_path=${schema}`,
  })
  // A lost connection raises this whether it is in use or idle; unheard it would end the process. Whoever was using it
  // is told by the failure of the query, and the pool drops it by itself.
  pool.on('connect', (client) => {
    client.on('error', (error) => logger.warn({ err: error }, 'database connection lost'))
  })
  pool.on('error', () => {})
  return new Kysely<T>({ dialect: new PostgresDialect({ pool }) })
}
