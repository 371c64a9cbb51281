import type { Video } from '@kinora/common/contracts'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'
import type { Part } from '../domain/tracks.ts'

type Tx = Transaction<MediaDb>

const PLAYLISTS_LOCK = 1

/**
 * Held from reading what is finished until the files are written and the transaction ends: whoever writes later has read
 * later, so an older playlist never replaces a newer one. PostgreSQL lets go of it when its holder dies. It is taken
 * before the video's row, never after.
 */
export async function lockPlaylists(tx: Tx, videoId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${PLAYLISTS_LOCK}::int, hashtext(${videoId}))`.execute(tx)
}

export async function videosToPublish(db: Kysely<MediaDb>): Promise<string[]> {
  const rows = await db
    .selectFrom('videos')
    .select('id')
    .where(sql<boolean>`parts_published < parts_done or republish`)
    .limit(100)
    .execute()
  return rows.map((row) => row.id)
}

export interface FinishedParts {
  parts: Part[]
  /** Of how many. */
  total: number
}

export async function finishedParts(tx: Tx, videoId: string): Promise<FinishedParts> {
  const rows = await tx
    .selectFrom('tasks')
    .select(['id', 'attempt', 'state', 'params', 'result'])
    .where('video_id', '=', videoId)
    .where('kind', 'in', ['audio', 'video'])
    .orderBy('ordinal')
    .execute()
  const parts = rows.flatMap(({ id: taskId, attempt, params: work, result }): Part[] => {
    if (result?.kind === 'audio') return [{ taskId, attempt, kind: 'audio', result }]
    if (result?.kind === 'video' && work.kind === 'video') return [{ taskId, attempt, kind: 'video', work, result }]
    return []
  })
  return { parts, total: rows.length }
}

export async function recordPublication(
  tx: Tx,
  videoId: string,
  partsPublished: number,
  renditions: Video['renditions'],
): Promise<void> {
  await tx
    .updateTable('videos')
    .set({ parts_published: partsPublished, republish: false, renditions: JSON.stringify(renditions) })
    .where('id', '=', videoId)
    .execute()
}

export async function markUnpublished(db: Kysely<MediaDb>, videoId: string): Promise<void> {
  await db
    .updateTable('videos')
    .set({ republish: true })
    .where('id', '=', videoId)
    .where('parts_published', '>', 0)
    .execute()
}
