import { z } from 'zod'

export const Id = z.uuid().meta({ example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55' })
/** PostgreSQL has no year 0. */
export const Timestamp = z.iso
  .datetime()
  .refine((time) => !time.startsWith('0000-'), 'There is no year 0')
  .meta({ example: '2026-11-30T06:00:00.000Z' })
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

/** From If-Match: the change is made only to one of these versions. */
export const IfRevision = z.array(z.number().int().min(0)).max(1000).optional()

/** One page of a list. `nextCursor` is opaque; null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item).meta({ description: 'The entries of this page.' }),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Pass it as `cursor` to get the next page; null on the last page.', example: 'eyJhIjoxfQ' }),
  })
}

export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'Entries of a page.', example: 20 }),
  cursor: z
    .string()
    .max(512)
    .optional()
    .meta({ description: '`nextCursor` of the previous page; without it the first page.', example: 'eyJhIjoxfQ' }),
})
