import { lockName } from '@kinora/common/db'
import { sql } from 'kysely'
import type { Db, PlaybackTokenRow, Tx } from '../db/schema.ts'
import type { CreationCursor } from '../domain/pages.ts'

/** Until the commit no other transaction can add a link in this project. */
export async function lockTokens(tx: Tx, projectId: string): Promise<void> {
  await lockName(tx, `links ${projectId}`)
}

/** Links of a project that have not expired, also those that were revoked: their rows are kept until then. */
export async function countTokens(db: Db, projectId: string): Promise<number> {
  const { rows } = await sql<{ tokens: number }>`select count(*)::integer as tokens
    from playback_tokens join videos on videos.id = video_id
    where project_id = ${projectId} and playback_tokens.expires_at > now()`.execute(db)
  return rows[0]?.tokens ?? 0
}

/** False when the video does not exist. Waits for a transaction that is deleting it. */
export async function insertToken(
  db: Db,
  { id, videoId, expiresAt }: { id: string; videoId: string; expiresAt: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`insert into playback_tokens (id, video_id, expires_at)
    select ${id}::uuid, videos.id, ${expiresAt}::timestamptz from videos where videos.id = ${videoId} for key share`.execute(
    db,
  )
  return numAffectedRows === 1n
}

/** Undefined when the video has no such token. A second call keeps the first time. */
export async function revokeToken(tx: Tx, videoId: string, tokenId: string): Promise<{ expiresAt: Date } | undefined> {
  const row = await tx
    .updateTable('playback_tokens')
    .set({ revoked_at: sql<Date>`coalesce(revoked_at, now())` })
    .where('id', '=', tokenId)
    .where('video_id', '=', videoId)
    .returning('expires_at')
    .executeTakeFirst()
  return row && { expiresAt: row.expires_at }
}

/** The tokens of a project's videos, newest first, after the one that `after` names. */
export async function tokensOfProject(
  db: Db,
  projectId: string,
  { limit, after }: { limit: number; after: CreationCursor | null },
): Promise<PlaybackTokenRow[]> {
  let query = db
    .selectFrom('playback_tokens')
    .innerJoin('videos', 'videos.id', 'playback_tokens.video_id')
    .selectAll('playback_tokens')
    .where('videos.project_id', '=', projectId)
  if (after) {
    const { createdAt, id } = after
    query = query.where(
      sql<boolean>`(playback_tokens.created_at, playback_tokens.id) < (${createdAt}::timestamptz, ${id}::uuid)`,
    )
  }
  return await query
    .orderBy('playback_tokens.created_at', 'desc')
    .orderBy('playback_tokens.id', 'desc')
    .limit(limit)
    .execute()
}

export async function isTokenLive(db: Db, videoId: string, tokenId: string): Promise<boolean> {
  const row = await db
    .selectFrom('playback_tokens')
    .select('revoked_at')
    .where('id', '=', tokenId)
    .where('video_id', '=', videoId)
    .executeTakeFirst()
  return row !== undefined && row.revoked_at === null
}

export async function deleteExpiredTokens(db: Db): Promise<void> {
  await db.deleteFrom('playback_tokens').where('expires_at', '<', sql<Date>`now() - interval '1 day'`).execute()
}
