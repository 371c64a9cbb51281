import type { z } from 'zod'
import { AppError } from './errors.ts'

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
