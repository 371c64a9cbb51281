import { NO_CONTROL } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { z } from 'zod'

/** Where a page ends: the last row's value of the sorted column, and its id. */
export interface Position {
  value: string
  id: string
}

const Text = z.string().max(300).regex(NO_CONTROL)
/** Narrower than `Date.parse`, which takes much that PostgreSQL does not. */
const Time = z.iso.datetime().max(300)

/** A position as clients carry it, bound to its sort order. */
export function cursorAt({ value, id }: Position, sort: string): string {
  return encodeCursor([sort, value, id])
}

/** Throws `VALIDATION_FAILED` for what is not a cursor of this sort order. */
export function positionAt(cursor: string, sort: string): Position {
  const value = sort.endsWith('createdAt') ? Time : Text
  const [, last, id] = decodeCursor(cursor, z.tuple([z.literal(sort), value, z.uuid()]))
  return { value: last, id }
}
