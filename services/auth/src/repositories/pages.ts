import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { z } from 'zod'
import type { CreationPlace } from '../repositories/creation-page.ts'

const Place = z.tuple([z.iso.datetime(), z.uuid()])

/** Where to go on in a list that is ordered by creation. */
export function placeAfter(cursor: string | undefined): CreationPlace | undefined {
  if (cursor === undefined) return undefined
  const [createdAt, id] = decodeCursor(cursor, Place)
  return { createdAt: new Date(createdAt), id }
}

/** One page out of `limit + 1` rows in the order of creation: the row too many says that there are more. */
export function pageByCreation<Row extends { id: string; created_at: Date }, Item>(
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
