import { CursorTime, decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { type SelectQueryBuilder, sql } from 'kysely'
import { z } from 'zod'

const Cursor = z.tuple([CursorTime, z.uuid()])

/** The last row of the previous page. */
interface CreationCursor {
  createdAt: Date
  id: string
}

/** Up to `limit` rows of a list that is ordered by creation, newest first. */
export interface PageRequest {
  limit: number
  after?: CreationCursor | undefined
}

/** A page of rows that have `created_at` and `id`. */
export function newestFirst<DB, T extends keyof DB, O>(
  query: SelectQueryBuilder<DB, T, O>,
  { limit, after }: PageRequest,
): SelectQueryBuilder<DB, T, O> {
  const rest = after ? query.where(sql<boolean>`(created_at, id) < (${after.createdAt}, ${after.id}::uuid)`) : query
  return rest.orderBy(sql`created_at`, 'desc').orderBy(sql`id`, 'desc').limit(limit)
}

/** Requests one row more than the page has; it shows whether another page follows, see `pageOf`. */
export function pageRequest(limit: number, cursor: string | undefined): PageRequest {
  if (cursor === undefined) return { limit: limit + 1 }
  const [createdAt, id] = decodeCursor(cursor, Cursor)
  return { limit: limit + 1, after: { createdAt: new Date(createdAt), id } }
}

/** One page, made from the `limit + 1` rows of a `pageRequest`. */
export function pageOf<Row extends { id: string; created_at: Date }, Item>(
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
