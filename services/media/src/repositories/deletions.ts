import type { StorageKey } from '@kinora/common/storage'
import { type Selectable, sql } from 'kysely'
import type { Db, DeletionsTable, Tx } from '../db/schema.ts'

/** The broker takes a message back from a worker after 30 minutes: after this time no attempt can still be writing. */
const LATE_SECONDS = 35 * 60

const MAX_TRY_SECONDS = 600

/** Longer than the removal of a folder takes. Two removals of the same folder at once do no harm. */
const HOLD_SECONDS = 600

export interface Removable {
  key: StorageKey
  folder: boolean
}

export interface Disposal extends Removable {
  /** Moved to quarantine instead of removed, because no user has asked for the deletion. */
  quarantine: boolean
}

interface DisposalTerms {
  afterSeconds?: number
  projectId?: string | undefined
  quarantine?: boolean
  /** What the file takes of its project's quota until it is removed. */
  bytes?: number
}

/** Queues a removal, to be done `afterSeconds` after the commit. */
async function queueDeletion(
  tx: Tx,
  { key, folder }: Removable,
  { afterSeconds = 0, projectId, quarantine = false, bytes = 0 }: DisposalTerms,
): Promise<void> {
  await sql`insert into deletions (key, folder, due_at, project_id, quarantine, bytes) values (${key}, ${folder},
    now() + make_interval(secs => ${afterSeconds}), ${projectId ?? null}, ${quarantine}, ${bytes})`.execute(tx)
}

export async function queueFileDeletion(tx: Tx, key: StorageKey): Promise<void> {
  await queueDeletion(tx, { key, folder: false }, {})
}

/** Queues a move to quarantine, from which it can be restored for some days. */
export async function queueQuarantine(tx: Tx, what: Removable, projectId?: string): Promise<void> {
  await queueDeletion(tx, what, { projectId, quarantine: true })
}

/** Queues two removals: one now, and one when no attempt can still be writing there. */
export async function queueFolderDeletion(tx: Tx, key: StorageKey, projectId?: string): Promise<void> {
  await queueDeletion(tx, { key, folder: true }, { projectId })
  await queueDeletion(tx, { key, folder: true }, { projectId, afterSeconds: LATE_SECONDS })
}

/** Queues a removal for when all cached answers that name the file have expired. */
export async function queueLateDeletion(
  tx: Tx,
  what: Removable,
  counted: Pick<DisposalTerms, 'projectId' | 'bytes'> = {},
  afterSeconds = LATE_SECONDS,
): Promise<void> {
  await queueDeletion(tx, what, { ...counted, afterSeconds })
}

/** Whether the removal of a folder is queued, because somebody has deleted the video. */
export async function isFolderDeleted(tx: Tx, folder: StorageKey): Promise<boolean> {
  const query = tx.selectFrom('deletions').select('id').where('key', '=', folder).where('folder', '=', true)
  return (await query.where('quarantine', '=', false).executeTakeFirst()) !== undefined
}

/**
 * Handles one due row with `dispose`; false when no row is due. No transaction is open meanwhile, because a folder of
 * thousands of objects takes longer than a transaction may be idle. A crash before the end repeats the removal, which
 * changes nothing. A failed removal is retried later and does not delay the others.
 */
export async function disposeNext(db: Db, dispose: (what: Disposal) => Promise<void>): Promise<boolean> {
  const due = await takeNext(db)
  if (!due) return false
  const { id, key, folder, quarantine, tries } = due
  const removed = await dispose({ key, folder, quarantine }).then(
    () => true,
    () => false,
  )
  if (removed) await db.deleteFrom('deletions').where('id', '=', id).execute()
  else await postpone(db, id, tries)
  return true
}

export async function isDisposalDue(db: Db): Promise<boolean> {
  const query = db.selectFrom('deletions').select('id').where('due_at', '<=', sql<Date>`now()`).limit(1)
  return (await query.executeTakeFirst()) !== undefined
}

/** Reserves the next due row. After a crash of its holder it is due again. */
async function takeNext(db: Db): Promise<Selectable<DeletionsTable> | undefined> {
  const { rows } = await sql<Selectable<DeletionsTable>>`
    update deletions set due_at = now() + make_interval(secs => ${HOLD_SECONDS})
    where id = (select id from deletions where due_at <= now() order by id limit 1 for update skip locked)
    returning *`.execute(db)
  return rows[0]
}

async function postpone(db: Db, id: string, tries: number): Promise<void> {
  const seconds = Math.min(MAX_TRY_SECONDS, 5 * 2 ** Math.min(tries, 10))
  await sql`update deletions set tries = tries + 1, due_at = now() + make_interval(secs => ${seconds})
    where id = ${id}`.execute(db)
}
