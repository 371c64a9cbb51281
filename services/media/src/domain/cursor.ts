import { NO_CONTROL } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { z } from 'zod'

/** Where a page ends: the last row's value of the sorted column, and its id. */
export interface Position {
  value: string
  id: string
}

const Cursor = z.tuple([z.string().max(50), z.string().max(300).regex(NO_CONTROL), z.uuid()])
/** Narrower than `Date.parse`, which takes much that PostgreSQL does not. */
const Time = z.iso.datetime()

/** A position as clients carry it; it is bound to its sort order and opaque to them. */
export function encodeCursor({ value, id }: Position, sort: string): string {
  return Buffer.from(JSON.stringify([sort, value, id])).toString('base64url')
}

/** Throws `VALIDATION_FAILED` for what is not a cursor of this sort order. */
export function decodeCursor(cursor: string, sort: string): Position {
  try {
    const [of, value, id] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
    const isTime = sort.endsWith('createdAt')
    if (of !== sort || (isTime && !Time.safeParse(value).success)) throw new Error('of another list')
    return { value, id }
  } catch (error) {
    const fields = [{ path: 'cursor', message: 'not a cursor of this list' }]
    throw new AppError('VALIDATION_FAILED', { fields, cause: error })
  }
}
