import { sql } from 'kysely'
import type { Context } from '../../src/context.ts'

/** What auth is told to write into the audit log about something; auth does not run here, so it waits in the outbox. */
export async function auditRecords({ db }: Context, subject: string): Promise<unknown[]> {
  const { rows } = await sql<{ data: unknown }>`select payload->'data' as data from outbox
    where payload->>'type' = 'audit.noted' and payload->'data'->>'subject' = ${subject}`.execute(db)
  return rows.map(({ data }) => data)
}
