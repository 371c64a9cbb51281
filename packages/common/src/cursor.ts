import type { z } from 'zod'
import { AppError } from './errors.ts'

/** An opaque place in a list. */
export function encodeCursor(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** Throws `VALIDATION_FAILED` for what `encodeCursor` did not make. */
export function decodeCursor<T>(cursor: string, shape: z.ZodType<T>): T {
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
  } catch (error) {
    const fields = [{ path: 'cursor', message: 'is not a cursor of this list' }]
    throw new AppError('VALIDATION_FAILED', { fields, cause: error })
  }
}
