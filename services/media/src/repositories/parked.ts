import type { ParkedMessage } from '@kinora/common/bus'
import type { Call } from '@kinora/common/contract'
import { events, NotedAction } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import { type Selectable, sql } from 'kysely'
import type { Db, ParkedTable, Tx } from '../db/schema.ts'

export type ParkedRow = Selectable<ParkedTable>

/** Keeps a message that nobody will try again by himself; told twice it is kept once. */
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

/** Newest first, after the one named. */
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

/** Takes a message out of the parking lot. Of several who want the same one, one gets it: the others wait for his commit. */
export async function takeParked(tx: Tx, id: string): Promise<ParkedRow | undefined> {
  return await tx.deleteFrom('parked').where('id', '=', id).returningAll().executeTakeFirst()
}

/** Has auth write into the audit log what an administrator does here, if and only if the transaction commits. */
export async function noteAction(
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
