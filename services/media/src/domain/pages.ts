import { NO_CONTROL } from '@kinora/common/contracts'
import { CursorTime, decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { z } from 'zod'

/** The last row of a page: its value of the sorted column, and its id. */
export interface SortCursor {
  value: string
  id: string
}

const Text = z.string().max(300).regex(NO_CONTROL)

/** A cursor as clients get it, bound to its sort order. */
export function encodeSortCursor({ value, id }: SortCursor, sort: string): string {
  return encodeCursor([sort, value, id])
}

/** Null for the first page. Throws `VALIDATION_FAILED` for what is not a cursor of this sort order. */
export function decodeSortCursor(cursor: string | undefined, sort: string): SortCursor | null {
  if (cursor === undefined) return null
  const value = sort.endsWith('createdAt') ? CursorTime : Text
  const [, last, id] = decodeCursor(cursor, z.tuple([z.literal(sort), value, z.uuid()]))
  return { value: last, id }
}

const NEWEST_FIRST = '-createdAt'

/** The last row of a page of a list that is ordered by creation, newest first. */
export interface CreationCursor {
  createdAt: string
  id: string
}

export function decodeCreationCursor(cursor: string | undefined): CreationCursor | null {
  const last = decodeSortCursor(cursor, NEWEST_FIRST)
  return last && { createdAt: last.value, id: last.id }
}

export function creationCursor({ created_at, id }: { created_at: Date; id: string }): string {
  return encodeSortCursor({ value: created_at.toISOString(), id }, NEWEST_FIRST)
}
