import { z } from 'zod'
import { AppError } from './errors.ts'

/** A time in a cursor: narrower than ISO 8601, whose year 0 PostgreSQL does not know. */
export const CursorTime = z.iso
  .datetime()
  .max(40)
  .refine((time) => !time.startsWith('0000'))

/** A number in a cursor, which PostgreSQL compares as `integer`. */
export const CursorInteger = z.coerce
  .number()
  .int()
  .min(-(2 ** 31))
  .max(2 ** 31 - 1)

/** An opaque cursor for the position of a row in a list, given by the row's sort keys. */
export function encodeCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** The position in a cursor. Throws `VALIDATION_FAILED` for a text that is not a cursor of this shape. */
export function decodeCursor<T>(cursor: string, shape: z.ZodType<T>): T {
  try {
    const place = shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
    if (!isInBounds(place)) throw new RangeError('out of bounds')
    return place
  } catch (error) {
    const fields = [{ path: 'cursor', message: 'is not a cursor of this list' }]
    throw new AppError('VALIDATION_FAILED', { fields, cause: error })
  }
}

const MAX_INT4 = 2 ** 31 - 1

/** Whether PostgreSQL takes every value: it has no year 0, and an `integer` has 32 bits. */
function isInBounds(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) <= MAX_INT4
  if (typeof value === 'string') return !/^0000-\d\d-\d\dT/.test(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(isInBounds)
}
