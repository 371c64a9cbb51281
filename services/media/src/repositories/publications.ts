import type { Video } from '@kinora/common/contracts'
import { lockName } from '@kinora/common/db'
import { sql } from 'kysely'
import type { Db, Tx } from '../db/schema.ts'

/**
 * Held from reading the segments until the playlists are written and the transaction ends: a later writer has read later,
 * so an older playlist never replaces a newer one. PostgreSQL releases it when its holder dies. It is taken before the
 * video's row, never after.
 */
export async function lockPlaylists(tx: Tx, videoId: string): Promise<void> {
  await lockName(tx, `playlists ${videoId}`)
}

export async function videosToPublish(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('videos')
    .select('id')
    .where(sql<boolean>`material_published < material or republish`)
    // Random, so that videos which cannot be published do not block others for ever.
    .orderBy(sql`random()`)
    .limit(100)
    .execute()
  return rows.map((row) => row.id)
}

export async function recordPublication(
  tx: Tx,
  videoId: string,
  material: number,
  renditions: Video['renditions'],
): Promise<void> {
  await tx
    .updateTable('videos')
    .set({
      material_published: material,
      republish: false,
      renditions: JSON.stringify(renditions),
    })
    .where('id', '=', videoId)
    .execute()
}

/** Has the playlists of a video written again, if any are published. */
export async function markUnpublished(db: Db, videoId: string): Promise<void> {
  await db
    .updateTable('videos')
    .set({ republish: true })
    .where('id', '=', videoId)
    .where('material_published', '>', 0)
    .execute()
}
