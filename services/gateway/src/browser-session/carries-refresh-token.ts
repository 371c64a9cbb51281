import type { Method } from '@kinora/common/contract'
import { z } from 'zod'

export function takesRefreshToken({ input }: Method): boolean {
  return hasRefreshToken(input)
}

/** An answer of several kinds gives one if any of them does. */
export function givesRefreshToken({ output }: Method): boolean {
  return hasRefreshToken(output)
}

/** The routes of these methods know cookie sessions; see `through-cookie.ts`. */
export function carriesRefreshToken(method: Method): boolean {
  return takesRefreshToken(method) || givesRefreshToken(method)
}

function hasRefreshToken(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodUnion) return schema.options.some(hasRefreshToken)
  return schema instanceof z.ZodObject && 'refreshToken' in schema.shape
}
