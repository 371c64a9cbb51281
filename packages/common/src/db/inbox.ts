import { type Kysely, sql, type Transaction } from 'kysely'

export interface InboxDb {
  inbox: { event_id: string; seen_at: Date }
}

export const INBOX_DDL = `
  create table inbox (
    event_id uuid primary key,
    seen_at timestamptz not null default now()
  )`

/**
 * True the first time that an event is seen. Call it in the transaction of the event's effect, so that both commit or neither.
 */
export async function firstTimeSeen<T extends InboxDb>(tx: Transaction<T>, eventId: string): Promise<boolean> {
  const result = await sql`insert into inbox (event_id) values (${eventId}) on conflict do nothing`.execute(tx)
  return result.numAffectedRows === 1n
}

/** Deletes old rows: an event is redelivered within minutes, or by an operator within days. */
export async function deleteSeen<T extends InboxDb>(db: Kysely<T>, olderThan: Date): Promise<void> {
  await sql`delete from inbox where seen_at < ${olderThan}`.execute(db)
}
