import type { ParkedMessage } from '@kinora/common/bus'
import type { Call } from '@kinora/common/contract'
import { events, NotedAction } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import { type Selectable, sql } from 'kysely'
import type { Db, ParkedTable, Tx } from '../db/schema.ts'

export type ParkedRow = Selectable<ParkedTable>

/** Stores a dead letter; a second call changes nothing. */
export async function park(db: Db, message: ParkedMessage): Promise<void> {
  await db
    .insertInto('parked')
    .values({
      id: message.id,
      origin: message.group,
      type: message.type,
      // PostgreSQL's text cannot hold U+0000.
      body: message.body.replaceAll('\0', '\uFFFD'),
      attempts: message.attempts,
      error_code: message.error.code,
      error_message: message.error.message.replaceAll('\0', '\uFFFD'),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}

/** Newest first, after the one that `after` names. */
export async function listParked(
  db: Db,
  { limit, after }: { limit: number; after: { parkedAt: string; id: string } | undefined },
): Promise<ParkedRow[]> {
  let query = db.selectFrom('parked').selectAll()
  if (after) query = query.where(sql<boolean>`(parked_at, id) < (${after.parkedAt}::timestamptz, ${after.id})`)
  return await query.orderBy('parked_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

export async function findParked(db: Db, id: string): Promise<ParkedRow | undefined> {
  return await db.selectFrom('parked').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Deletes and returns a dead letter. Of several transactions one gets it, and the others wait for its commit. */
export async function takeParked(tx: Tx, id: string): Promise<ParkedRow | undefined> {
  return await tx.deleteFrom('parked').where('id', '=', id).returningAll().executeTakeFirst()
}

/** Adds an event by which auth records an action in the audit log, if the transaction commits. */
export async function addAuditRecord(
  tx: Tx,
  { actor, requestId, client }: Call,
  action: NotedAction['action'],
  subject: string,
): Promise<void> {
  const from = client ? { ip: client.ip, userAgent: client.userAgent } : null
  await addEvent(
    tx,
    events['audit.noted'],
    { aggregateId: subject, sequence: 1 },
    { action, actor: NotedAction.shape.actor.parse(actor), subject, requestId, client: from },
  )
}
