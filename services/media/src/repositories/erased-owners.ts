import { events } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import { sql } from 'kysely'
import type { Db, Tx } from '../db/schema.ts'

/**
 * Notes that an account was deleted: from the commit on its owner can make no video. Waits for those that are being made.
 * Whoever says it again after all was done is answered again, because the first answer did not arrive.
 */
export async function noteErasure(tx: Tx, ownerId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockOf(ownerId)})`.execute(tx)
  await tx
    .insertInto('erased_owners')
    .values({ owner_id: ownerId, done_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const known = await tx
    .selectFrom('erased_owners')
    .select('done_at')
    .where('owner_id', '=', ownerId)
    .executeTakeFirstOrThrow()
  if (known.done_at) await sayErased(tx, ownerId)
}

/** Held to the commit by who makes something for an owner; tells whether the owner's account was deleted before. */
export async function isErased(tx: Tx, ownerId: string): Promise<boolean> {
  await sql`select pg_advisory_xact_lock_shared(${lockOf(ownerId)})`.execute(tx)
  const found = await tx
    .selectFrom('erased_owners')
    .select('owner_id')
    .where('owner_id', '=', ownerId)
    .executeTakeFirst()
  return found !== undefined
}

function lockOf(ownerId: string) {
  return sql`hashtextextended(${`owner ${ownerId}`}, 0)`
}

export async function unfinishedErasures(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('erased_owners').select('owner_id').where('done_at', 'is', null).execute()
  return rows.map((row) => row.owner_id)
}

export async function videosOfOwner(db: Db, ownerId: string, limit: number): Promise<string[]> {
  const rows = await db.selectFrom('videos').select('id').where('owner_id', '=', ownerId).limit(limit).execute()
  return rows.map((row) => row.id)
}

/**
 * Says that nothing is left, once that is so: no video, no webhook, and no file to remove now or when the last straggler must have
 * stopped writing. True the one time that it becomes so.
 */
export async function finishErasure(tx: Tx, ownerId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`update erased_owners set done_at = now()
    where owner_id = ${ownerId} and done_at is null
      and not exists (select from videos where videos.owner_id = ${ownerId})
      and not exists (select from webhooks where webhooks.owner_id = ${ownerId})
      and not exists (select from deletions where deletions.owner_id = ${ownerId})`.execute(tx)
  if (numAffectedRows !== 1n) return false
  await sayErased(tx, ownerId)
  return true
}

async function sayErased(tx: Tx, ownerId: string): Promise<void> {
  await addEvent(tx, events['video.owner-erased'], { aggregateId: ownerId, sequence: 1 }, { ownerId })
}
