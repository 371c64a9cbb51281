import { randomUUID } from 'node:crypto'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { EventData, EventEnvelope, EventType } from '../contract.ts'
import { type Loop, startLoop } from '../service/loop.ts'
import type { Logger } from '../service/telemetry.ts'

/** Part of the database types of each service that publishes. */
export interface OutboxTable {
  id: string
  /** An event, or a task for the workers. */
  kind: 'event' | 'task'
  payload: unknown
  created_at: Date
}

export interface OutboxDb {
  outbox: OutboxTable
}

/** DDL for a service's migrations. */
export const OUTBOX_DDL = `
  create table outbox (
    position bigint generated always as identity primary key,
    id uuid not null unique,
    kind text not null check (kind in ('event', 'task')),
    payload jsonb not null,
    created_at timestamptz not null default now()
  )`

/** Publishes `event` if and only if the transaction commits. */
export async function addEvent<T extends OutboxDb, E extends EventType>(
  tx: Transaction<T>,
  event: E,
  about: { aggregateId: string; sequence: number },
  data: EventData<E>,
): Promise<void> {
  const envelope: EventEnvelope<E> = {
    id: randomUUID(),
    type: event.type,
    version: event.version,
    occurredAt: new Date().toISOString(),
    ...about,
    data,
  }
  await insert(tx, 'event', envelope.id, envelope)
}

/** Sends `payload` to the workers if and only if the transaction commits. */
export async function enqueueTask<T extends OutboxDb>(tx: Transaction<T>, payload: object): Promise<void> {
  await insert(tx, 'task', randomUUID(), payload)
}

/** Transactions that have added rows. */
const senders = new WeakSet<object>()

/** Whether this transaction has added an event or a task: the relay has something to send once it is committed. */
export function hasMessages<T extends OutboxDb>(tx: Transaction<T>): boolean {
  return senders.has(tx)
}

async function insert<T>(tx: Transaction<T>, kind: 'event' | 'task', id: string, payload: object): Promise<void> {
  senders.add(tx)
  await sql`insert into outbox (id, kind, payload) values (${id}, ${kind}, ${JSON.stringify(payload)}::jsonb)`.execute(
    tx,
  )
}

interface OutboxRow {
  position: string
  kind: 'event' | 'task'
  payload: unknown
}

/** Interval at which rows that the broker refused are published again. */
const RETRY_MS = 1000
/** Interval at which rows are looked for that a process has committed and, because it has ended, not published. */
const POLL_MS = 5000
/** Rows published per transaction; their locks are held while the broker confirms. */
const BATCH = 100

/**
 * Publishes committed rows and deletes them once the broker has confirmed. Rows are locked with SKIP LOCKED, so several
 * processes can relay at once. A crash between confirm and delete publishes a row again, which consumers must ignore. Poke it
 * after the commit of a transaction that `hasMessages`.
 */
export function startOutboxRelay<T extends OutboxDb>(
  db: Kysely<T>,
  logger: Logger,
  publish: (kind: 'event' | 'task', payload: unknown) => Promise<void>,
  pollMs = POLL_MS,
): Loop {
  let refused = false

  async function relayBatch(): Promise<number> {
    return await db.transaction().execute(async (tx) => {
      const { rows } = await sql<OutboxRow>`
        select position, kind, payload from outbox order by position limit ${BATCH} for update skip locked`.execute(tx)
      refused = false
      if (rows.length === 0) return 0
      // Published and confirmed together; rows that the broker refused stay and are retried.
      const outcomes = await Promise.allSettled(rows.map((row) => publish(row.kind, row.payload)))
      const sent = rows.filter((_, index) => outcomes[index]?.status === 'fulfilled').map((row) => row.position)
      if (sent.length > 0) await sql`delete from outbox where position = any(${sent}::bigint[])`.execute(tx)
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      refused = failed !== undefined
      if (failed)
        logger.warn({ err: failed.reason, waiting: rows.length - sent.length }, 'outbox rows could not be published')
      return sent.length
    })
  }

  async function relay(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted && (await relayBatch()) > 0);
  }

  return startLoop('outbox relay', () => (refused ? Math.min(RETRY_MS, pollMs) : pollMs), relay, logger)
}
