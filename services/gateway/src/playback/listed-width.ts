import { z } from 'zod'

/** A width from a query that is one of these. */
export function listedWidth(widths: readonly number[]) {
  return z.coerce.number().refine((width) => widths.includes(width), `must be one of ${widths.join(', ')}`)
}
