import { type SelectQueryBuilder, sql } from 'kysely'

/** The last row of the page before. */
export interface CreationPlace {
  createdAt: Date
  id: string
}

/** So many rows of a list that is ordered by creation, newest first. */
export interface CreationPage {
  limit: number
  after?: CreationPlace | undefined
}

/** A page of rows that have `created_at` and `id`. */
export function newestFirst<DB, T extends keyof DB, O>(
  query: SelectQueryBuilder<DB, T, O>,
  { limit, after }: CreationPage,
): SelectQueryBuilder<DB, T, O> {
  const rest = after ? query.where(sql<boolean>`(created_at, id) < (${after.createdAt}, ${after.id}::uuid)`) : query
  return rest.orderBy(sql`created_at`, 'desc').orderBy(sql`id`, 'desc').limit(limit)
}
