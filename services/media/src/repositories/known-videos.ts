import { type Kysely, sql } from 'kysely'
import type { MediaDb } from '../db/schema.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether there is a video of each name; names that no video can have are left out. */
export async function knownVideos(db: Kysely<MediaDb>, names: string[]): Promise<Map<string, boolean>> {
  const ids = names.filter((name) => UUID.test(name))
  const rows = await db.selectFrom('videos').select('id').where('id', '=', sql<string>`any(${ids}::uuid[])`).execute()
  const found = new Set(rows.map(({ id }) => id))
  return new Map(ids.map((id) => [id, found.has(id)]))
}

export async function hasVideos(db: Kysely<MediaDb>): Promise<boolean> {
  return (await db.selectFrom('videos').select('id').limit(1).executeTakeFirst()) !== undefined
}
