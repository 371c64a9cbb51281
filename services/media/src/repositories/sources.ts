import type { SourceEvent } from '@kinora/common/contracts'
import type { StorageKey } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { Db, Tx } from '../db/schema.ts'

/** Players that have begun with the source go on with it for a quarter of an hour after the video is ready. */
const WATCHED_SECONDS = 15 * 60

/**
 * The source is due by the clock of the database, which all processes share, and nothing reads it any more. A failed task is no
 * reason to keep it: a retry says that the source is gone.
 */
const IS_DUE = sql<boolean>`status = 'ready' and source_key is not null
  and (source_delete_at is not null or source_days is not null)
  and coalesce(source_delete_at, ready_at + make_interval(days => source_days)) <= now()
  and (web_file is null or ready_at <= now() - make_interval(secs => ${WATCHED_SECONDS}))
  and not exists (select from tasks where tasks.video_id = videos.id
    and tasks.state in ('waiting', 'queued', 'running') and tasks.params->>'sourceKey' = videos.source_key)`

export async function videosWithDueSource(db: Db, limit: number): Promise<string[]> {
  const rows = await db.selectFrom('videos').select('id').where(IS_DUE).limit(limit).execute()
  return rows.map(({ id }) => id)
}

/** The row names the source no longer; false, without a change, where it is not due. For a video whose row is locked. */
export async function forgetSource(tx: Tx, videoId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`update videos set source_key = null, source_removed_at = now()
    where id = ${videoId} and ${IS_DUE}`.execute(tx)
  return numAffectedRows === 1n
}

/** For a source that was removed and is stored again; it does not expire. */
export async function recallSource(tx: Tx, videoId: string, key: StorageKey): Promise<void> {
  await sql`update videos set source_key = ${key}, source_removed_at = null, source_delete_at = null, source_days = null
    where id = ${videoId}`.execute(tx)
}

const KEPT_EVENTS = 20

/** For a video whose row is locked; the oldest events go. */
export async function addSourceEvent(tx: Tx, videoId: string, event: SourceEvent): Promise<void> {
  const query = tx.selectFrom('videos').select('source_events').where('id', '=', videoId)
  const { source_events: before } = await query.executeTakeFirstOrThrow()
  await tx
    .updateTable('videos')
    .set({ source_events: JSON.stringify([...before, event].slice(-KEPT_EVENTS)) })
    .where('id', '=', videoId)
    .execute()
}
