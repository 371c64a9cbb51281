import { z } from 'zod'

export const Id = z.uuid()
export const Timestamp = z.iso.datetime()
/** Text without control characters: PostgreSQL takes no zero byte, and logs and mails no line breaks. */
export const NO_CONTROL = /^\P{Cc}*$/u
/** The same for text of several lines. */
export const NO_CONTROL_BUT_LINES = /^[\P{Cc}\t\n\r]*$/u
export const Nothing = z.strictObject({})

/** One page of a list. `nextCursor` is opaque; null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}

export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(512).optional(),
})
