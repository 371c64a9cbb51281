import type { StorageKey } from '@kinora/common/storage'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'

type Tx = Transaction<MediaDb>

/** The broker takes a message back from a worker after 30 minutes: later than this no attempt can still be writing. */
const LATE_SECONDS = 35 * 60

const MAX_TRY_SECONDS = 600

export interface Removable {
  key: StorageKey
  folder: boolean
}

/** Removes it if and only if the transaction commits, then or `afterSeconds` later. */
async function queueDeletion(
  tx: Tx,
  { key, folder }: Removable,
  afterSeconds: number,
  ownerId: string | null = null,
): Promise<void> {
  await sql`insert into deletions (key, folder, due_at, owner_id)
    values (${key}, ${folder}, now() + make_interval(secs => ${afterSeconds}), ${ownerId})`.execute(tx)
}

export async function queueFileDeletion(tx: Tx, key: StorageKey): Promise<void> {
  await queueDeletion(tx, { key, folder: false }, 0)
}

/** Now, and again when nobody can be writing there any more. */
export async function queueFolderDeletion(tx: Tx, key: StorageKey, ownerId?: string): Promise<void> {
  await queueDeletion(tx, { key, folder: true }, 0, ownerId)
  await queueDeletion(tx, { key, folder: true }, LATE_SECONDS, ownerId)
}

/** When whoever was told of it has long asked anew. */
export async function queueLateDeletion(tx: Tx, what: Removable): Promise<void> {
  await queueDeletion(tx, what, LATE_SECONDS)
}

/**
 * Removes one thing that is due; false when nothing is. A crash between the removal and the commit repeats it, which
 * changes nothing. What cannot be removed is tried again later and does not hold up the rest.
 */
export async function removeNext(db: Kysely<MediaDb>, remove: (what: Removable) => Promise<void>): Promise<boolean> {
  return await db.transaction().execute(async (tx) => {
    const due = await tx
      .selectFrom('deletions')
      .selectAll()
      .where('due_at', '<=', sql<Date>`now()`)
      .orderBy('id')
      .limit(1)
      .forUpdate()
      .skipLocked()
      .executeTakeFirst()
    if (!due) return false
    const { id, key, folder, tries } = due
    const removed = await remove({ key, folder }).then(
      () => true,
      () => false,
    )
    if (removed) await tx.deleteFrom('deletions').where('id', '=', id).execute()
    else await postpone(tx, id, tries)
    return true
  })
}

async function postpone(tx: Tx, id: string, tries: number): Promise<void> {
  const seconds = Math.min(MAX_TRY_SECONDS, 5 * 2 ** Math.min(tries, 10))
  await sql`update deletions set tries = tries + 1, due_at = now() + make_interval(secs => ${seconds})
    where id = ${id}`.execute(tx)
}
