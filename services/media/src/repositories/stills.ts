import type { StorageKey } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { Db, StillRow, Tx } from '../db/schema.ts'
import type { StillPlace } from '../domain/stills.ts'

export async function findStill(db: Db, videoId: string, place: StillPlace): Promise<StillRow | undefined> {
  return await db
    .selectFrom('stills')
    .selectAll()
    .where('video_id', '=', videoId)
    .where('frame', '=', place.frame)
    .where('width', '=', place.width)
    .where('format', '=', place.format)
    .executeTakeFirst()
}

/** Undefined where the video has this still already. */
export async function insertStill(
  tx: Tx,
  id: string,
  videoId: string,
  place: StillPlace,
): Promise<StillRow | undefined> {
  return await tx
    .insertInto('stills')
    .values({ id, video_id: videoId, ...place })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
}

/** How many stills of a video are being made. */
export async function countUnfinishedStills(tx: Tx, videoId: string): Promise<number> {
  const { rows } = await sql<{ stills: number }>`select count(*)::integer as stills from stills
    where video_id = ${videoId} and storage_key is null`.execute(tx)
  return rows[0]?.stills ?? 0
}

export async function recordStill(tx: Tx, id: string, file: { key: StorageKey; bytes: number }): Promise<void> {
  await tx.updateTable('stills').set({ storage_key: file.key, bytes: file.bytes }).where('id', '=', id).execute()
}

export async function deleteStill(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('stills').where('id', '=', id).execute()
}

/** Deletes the oldest finished stills of a video, until at most this many files and bytes are left. Returns their keys. */
export async function deleteOldStills(
  tx: Tx,
  videoId: string,
  keep: { files: number; bytes: number },
): Promise<StorageKey[]> {
  const { rows } = await sql<{ storage_key: StorageKey }>`
    delete from stills where id in (
      select id from (
        select id, row_number() over newest as files, sum(bytes) over newest as bytes
        from stills where video_id = ${videoId} and storage_key is not null
        window newest as (order by created_at desc, number desc rows unbounded preceding)
      ) as ordered
      where files > ${keep.files} or (bytes > ${keep.bytes} and files > 1)
    ) returning storage_key`.execute(tx)
  return rows.map((row) => row.storage_key)
}

export async function stillKeys(db: Db, videoId: string): Promise<StorageKey[]> {
  const rows = await db
    .selectFrom('stills')
    .select('storage_key')
    .where('video_id', '=', videoId)
    .where('storage_key', 'is not', null)
    .$narrowType<{ storage_key: string }>()
    .execute()
  return rows.map((row) => row.storage_key)
}

/** Its attempts and their logs go with it. */
export async function deleteStillTask(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('tasks').where('id', '=', id).where('kind', '=', 'still').execute()
}
