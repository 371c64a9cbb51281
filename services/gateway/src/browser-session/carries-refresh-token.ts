import type { Method } from '@kinora/common/contract'
import { z } from 'zod'

/** Does the method take a refresh token? */
export function takesRefreshToken({ input }: Method): boolean {
  return hasRefreshToken(input)
}

/** Does it take one, or may its answer hold one? Those methods' routes know cookie sessions; see `through-cookie.ts`. */
export function carriesRefreshToken({ input, output }: Method): boolean {
  return hasRefreshToken(input) || hasRefreshToken(output)
}

function hasRefreshToken(schema: z.core.$ZodType): boolean {
  if (schema instanceof z.ZodUnion) return schema.options.some(hasRefreshToken)
  return schema instanceof z.ZodObject && 'refreshToken' in schema.shape
}
