import { events } from '@kinora/common/contracts'
import { addEvent, lockName, lockNameShared } from '@kinora/common/db'
import { sql } from 'kysely'
import type { Db, Tx } from '../db/schema.ts'

/**
 * Records that an account was deleted: after the commit its owner can create no video. Waits for videos that are being
 * created. When the erasure is finished already, its event is added again, because the first one did not arrive.
 */
export async function recordErasure(tx: Tx, ownerId: string): Promise<void> {
  await lockName(tx, lockOf(ownerId))
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
  if (known.done_at) await addOwnerErased(tx, ownerId)
}

/**
 * Whether the owner's account was deleted. Called before something is created for an owner; delays an erasure until the commit.
 */
export async function isErased(tx: Tx, ownerId: string): Promise<boolean> {
  await lockNameShared(tx, lockOf(ownerId))
  const found = await tx
    .selectFrom('erased_owners')
    .select('owner_id')
    .where('owner_id', '=', ownerId)
    .executeTakeFirst()
  return found !== undefined
}

function lockOf(ownerId: string): string {
  return `owner ${ownerId}`
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
 * Finishes an erasure once the owner has no video, no webhook and no file to remove, now or after the last late attempt.
 * True only in the call that finishes it.
 */
export async function finishErasure(tx: Tx, ownerId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`update erased_owners set done_at = now()
    where owner_id = ${ownerId} and done_at is null
      and not exists (select from videos where videos.owner_id = ${ownerId})
      and not exists (select from webhooks where webhooks.owner_id = ${ownerId})
      and not exists (select from deletions where deletions.owner_id = ${ownerId})`.execute(tx)
  if (numAffectedRows !== 1n) return false
  await addOwnerErased(tx, ownerId)
  return true
}

async function addOwnerErased(tx: Tx, ownerId: string): Promise<void> {
  await addEvent(tx, events['video.owner-erased'], { aggregateId: ownerId, sequence: 1 }, { ownerId })
}
