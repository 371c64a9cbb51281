import { z } from 'zod'

export const Id = z.uuid()
export const Timestamp = z.iso.datetime()
/**
 * Text without control characters: PostgreSQL takes no zero byte, and logs and mails no line breaks. The class is what
 * `\p{Cc}` means, spelled out because a pattern in OpenAPI has no flags.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that it refuses
export const NO_CONTROL = /^[^\u0000-\u001f\u007f-\u009f]*$/
/** The same for text of several lines: tab, line feed and carriage return are allowed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that it refuses
export const NO_CONTROL_BUT_LINES = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$/
export const Nothing = z.strictObject({})

/** One page of a list. `nextCursor` is opaque; null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}

export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(512).optional(),
})
