import { sql } from 'kysely'
import type { Db, Tx } from '../db/schema.ts'

export interface RevocationRow {
  id: string
  epoch: number | null
  expires_at: Date
}

/** Raises the epoch of a video whose row is locked, and returns the new one. */
export async function raiseEpoch(tx: Tx, videoId: string): Promise<number> {
  const row = await tx
    .updateTable('videos')
    .set({ delivery_epoch: sql<number>`delivery_epoch + 1` })
    .where('id', '=', videoId)
    .returning('delivery_epoch')
    .executeTakeFirstOrThrow()
  return row.delivery_epoch
}

/** @param epoch the lowest that is delivered; null: none */
export async function recordRevocation(
  tx: Tx,
  { videoId, epoch, expiresAt }: { videoId: string; epoch: number | null; expiresAt: Date },
): Promise<void> {
  await tx
    .insertInto('delivery_revocations')
    .values({ video_id: videoId, epoch, expires_at: expiresAt })
    .onConflict((conflict) =>
      conflict.column('video_id').doUpdateSet({ epoch, expires_at: expiresAt, revoked_at: sql<Date>`now()` }),
    )
    .execute()
}

/** Videos whose delivery was revoked, by id, after the one that `after` names. */
export async function revokedVideos(db: Db, after: string | null, limit: number): Promise<RevocationRow[]> {
  const query = db
    .selectFrom('delivery_revocations')
    .select(['video_id as id', 'epoch', 'expires_at'])
    .where('expires_at', '>', sql<Date>`now()`)
    .orderBy('video_id')
    .limit(limit)
  return await (after === null ? query : query.where('video_id', '>', after)).execute()
}

/** Links that were revoked and have not expired, by id, after the one that `after` names. */
export async function revokedTokens(db: Db, after: string | null, limit: number): Promise<RevocationRow[]> {
  const query = db
    .selectFrom('playback_tokens')
    .select(['id', sql<null>`null::integer`.as('epoch'), 'expires_at'])
    .where('revoked_at', 'is not', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .orderBy('id')
    .limit(limit)
  return await (after === null ? query : query.where('id', '>', after)).execute()
}

export async function deleteExpiredRevocations(db: Db): Promise<void> {
  await db.deleteFrom('delivery_revocations').where('expires_at', '<', sql<Date>`now()`).execute()
}
