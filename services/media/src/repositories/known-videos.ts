import { sql } from 'kysely'
import type { Db } from '../db/schema.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether there is a video of each name; names that no video can have are left out. */
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

/** How many videos there are; 10000 stands for more than that. */
export async function countVideos(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count
    from (select from videos limit ${COUNTED}) as first_ones`.execute(db)
  return rows[0]?.count ?? 0
}
