import { z } from 'zod'
import { Timestamp } from './contracts/shared.ts'
import { AppError } from './errors.ts'

/** A time in a cursor. */
export const CursorTime = Timestamp.max(40)

const MAX_INT4 = 2 ** 31 - 1
/** A number in a cursor, which PostgreSQL compares as `integer`. */
export const CursorInteger = z.coerce.number().int().min(-MAX_INT4).max(MAX_INT4)

export interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}

/**
 * One page of a list.
 * @param rows up to `limit + 1`: the additional row tells whether another page follows
 * @param cursorAt the cursor of the page that begins after a row
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  cursorAt: (last: Row) => string,
): Page<Item> {
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return { items: page.map(toItem), nextCursor: last === undefined ? null : cursorAt(last) }
}

/** An opaque cursor for the position of a row in a list, given by the row's sort keys. */
export function encodeCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** The position in a cursor. Throws `VALIDATION_FAILED` for a text that is not a cursor of this shape. */
export function decodeCursor<T>(cursor: string, shape: z.ZodType<T>): T {
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
  } catch (error) {
    const fields = [{ path: 'cursor', message: 'is not a cursor of this list' }]
    throw new AppError('VALIDATION_FAILED', { fields, cause: error })
  }
}
