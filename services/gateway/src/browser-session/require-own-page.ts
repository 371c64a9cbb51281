import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '@kinora/common/errors'

/** `none` is a person typing an address, which no request of a page is. */
const SAME_SITE = ['same-origin', 'same-site']

/**
 * Throws `ORIGIN_NOT_ALLOWED` unless the request says of itself that a page of an allowed origin sent it. Browsers say so
 * in `Origin` (every POST) or in `Sec-Fetch-Site`, which scripts cannot set; who says neither is not a browser that needs a
 * cookie. Pages of another site are refused even when listed: their browser would not keep a SameSite=Strict cookie.
 */
export function requireOwnPage(headers: IncomingHttpHeaders, allowed: ReadonlySet<string>): void {
  const { origin } = headers
  const site = headers['sec-fetch-site']
  const isListed = origin === undefined ? site === 'same-origin' : allowed.has(origin)
  const isSameSite = typeof site !== 'string' || SAME_SITE.includes(site)
  if (!isListed || !isSameSite) throw new AppError('ORIGIN_NOT_ALLOWED')
}
