import { type SelectQueryBuilder, sql } from 'kysely'

/** Up to `limit` rows of a list that is ordered by creation, newest first, after the row that `after` names. */
export interface NewestFirst {
  limit: number
  after?: { createdAt: Date | string; id: string } | null | undefined
}

/** A page of rows that have `created_at` and `id`. */
export function newestFirst<DB, T extends keyof DB, O>(
  query: SelectQueryBuilder<DB, T, O>,
  { limit, after }: NewestFirst,
): SelectQueryBuilder<DB, T, O> {
  const rest = after
    ? query.where(sql<boolean>`(created_at, id) < (${after.createdAt}::timestamptz, ${after.id}::uuid)`)
    : query
  return rest.orderBy(sql`created_at`, 'desc').orderBy(sql`id`, 'desc').limit(limit)
}
