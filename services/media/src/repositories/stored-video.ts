import { posix } from 'node:path'
import { sql } from 'kysely'
import type { Db, VideoRow } from '../db/schema.ts'
import type { WrittenParts } from './segments.ts'
import { writtenParts } from './segments.ts'
import { stillKeys } from './stills.ts'
import { findVideo } from './videos.ts'

/** What the rows say about a video's files, as of one moment. */
export interface StoredVideo {
  video: VideoRow
  written: WrittenParts
  /** `<task>-<attempt>` of all attempts that may have files. */
  attempts: Set<string>
  /** Keys of its stills. */
  stills: string[]
  /** Keys of files and folders whose deletion is pending. */
  pendingDeletion: string[]
  /** Of a source that is to replace that of the video: its key. */
  replacingSources: string[]
}

export async function storedVideo(db: Db, videoId: string): Promise<StoredVideo | undefined> {
  return await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      const video = await findVideo(tx, videoId)
      if (!video) return undefined
      const written = await writtenParts(tx, videoId)
      const attempts = await sql<{ name: string }>`
        select task_id || '-' || task_attempts.attempt as name from task_attempts
          join tasks on tasks.id = task_attempts.task_id
          where video_id = ${videoId} and (task_attempts.state in ('queued', 'running', 'done') or exists (
            select from parts where parts.task_id = task_attempts.task_id and parts.attempt = task_attempts.attempt))
        `.execute(tx)
      const stills = await stillKeys(tx, videoId)
      const pendingDeletion = await sql<{ key: string }>`
        select key from deletions where split_part(key, '/', 2) = ${videoId}`.execute(tx)
      const replacing = await tx.selectFrom('videos').select('source_key').where('replaces', '=', videoId).execute()
      return {
        video,
        written,
        attempts: new Set([...attempts.rows.map(({ name }) => name), ...stills.map((key) => folderName(key))]),
        stills,
        replacingSources: replacing.flatMap(({ source_key: key }) => key ?? []),
        pendingDeletion: pendingDeletion.rows.map(({ key }) => key),
      }
    })
}

function folderName(key: string): string {
  return posix.basename(posix.dirname(key))
}

/** The next videos by id. */
export async function videoIdsAfter(db: Db, after: string | undefined, limit: number): Promise<string[]> {
  let query = db.selectFrom('videos').select('id').where('replaces', 'is', null).orderBy('id').limit(limit)
  if (after !== undefined) query = query.where('id', '>', after)
  return (await query.execute()).map(({ id }) => id)
}

/** Those of these folders whose deletion is pending. */
export async function pendingDeletions(db: Db, folders: string[]): Promise<Set<string>> {
  const rows = await db
    .selectFrom('deletions')
    .select('key')
    .where('key', '=', sql<string>`any(${folders})`)
    .where('folder', '=', true)
    .execute()
  return new Set(rows.map(({ key }) => key))
}
