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

/** Requests one row more than the page has; the additional row tells `pageOf` whether another page follows. */
export function pageRequest(limit: number, cursor: string | undefined): PageRequest {
  if (cursor === undefined) return { limit: limit + 1 }
  const [createdAt, id] = decodeCursor(cursor, Cursor)
  return { limit: limit + 1, after: { createdAt: new Date(createdAt), id } }
}

/** The cursor of the page that begins after a row. */
export function cursorAt({ created_at, id }: { created_at: Date; id: string }): string {
  return encodeCursor([created_at.toISOString(), id])
}
