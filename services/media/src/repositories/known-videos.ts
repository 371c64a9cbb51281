import { sql } from 'kysely'
import type { Db } from '../db/schema.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether each name is the id of a video; names that are not UUIDs are left out. */
export async function knownVideos(db: Db, names: string[]): Promise<Map<string, boolean>> {
  const ids = names.filter((name) => UUID.test(name))
  const rows = await db.selectFrom('videos').select('id').where('id', '=', sql<string>`any(${ids}::uuid[])`).execute()
  const found = new Set(rows.map(({ id }) => id))
  return new Map(ids.map((id) => [id, found.has(id)]))
}

export async function hasSources(db: Db): Promise<boolean> {
  const found = await db
    .selectFrom('videos')
    .select('id')
    .where('source_key', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

const COUNTED = 10_000

/** The number of videos, counted up to 10000. */
export async function countVideos(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count
    from (select from videos limit ${COUNTED}) as first_ones`.execute(db)
  return rows[0]?.count ?? 0
}
