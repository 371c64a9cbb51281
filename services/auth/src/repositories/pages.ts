import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { type SelectQueryBuilder, sql } from 'kysely'
import { z } from 'zod'

/** The last row of the page before. */
export interface CreationCursor {
  createdAt: Date
  id: string
}

/** Up to `limit` rows of a list that is ordered by creation, newest first. */
export interface CreationPage {
  limit: number
  after?: CreationCursor | undefined
}

/** A page of rows that have `created_at` and `id`. */
export function newestFirst<DB, T extends keyof DB, O>(
  query: SelectQueryBuilder<DB, T, O>,
  { limit, after }: CreationPage,
): SelectQueryBuilder<DB, T, O> {
  const rest = after ? query.where(sql<boolean>`(created_at, id) < (${after.createdAt}, ${after.id}::uuid)`) : query
  return rest.orderBy(sql`created_at`, 'desc').orderBy(sql`id`, 'desc').limit(limit)
}

const Place = z.tuple([z.iso.datetime(), z.uuid()])

/** The row after which a page of a list ordered by creation begins. */
export function decodeCreationCursor(cursor: string | undefined): CreationCursor | undefined {
  if (cursor === undefined) return undefined
  const [createdAt, id] = decodeCursor(cursor, Place)
  return { createdAt: new Date(createdAt), id }
}

/** One page out of `limit + 1` rows in the order of creation: the row too many says that there are more. */
export function creationPage<Row extends { id: string; created_at: Date }, Item>(
  rows: Row[],
  limit: number,
  toItem: (row: Row) => Item,
) {
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    items: page.map(toItem),
    nextCursor: last ? encodeCursor([last.created_at.toISOString(), last.id]) : null,
  }
}
