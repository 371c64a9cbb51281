import { CursorTime, decodeCursor, encodeCursor } from '@kinora/common/cursor'
import type { NewestFirst } from '@kinora/common/db'
import { z } from 'zod'

const Cursor = z.tuple([CursorTime, z.uuid()])

/** Requests one row more than the page has; the additional row tells `pageOf` whether another page follows. */
export function pageRequest(limit: number, cursor: string | undefined): NewestFirst {
  if (cursor === undefined) return { limit: limit + 1 }
  const [createdAt, id] = decodeCursor(cursor, Cursor)
  return { limit: limit + 1, after: { createdAt: new Date(createdAt), id } }
}

/** The cursor of the page that begins after a row. */
export function cursorAt({ created_at, id }: { created_at: Date; id: string }): string {
  return encodeCursor([created_at.toISOString(), id])
}
