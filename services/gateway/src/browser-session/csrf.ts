import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '@kinora/common/errors'
import { sessionPart } from '../identity/tokens.ts'

/**
 * The token that a page must send back in `X-CSRF-Token`: an HMAC over the session, so that it is the same for all of
 * the session's refresh tokens and of no use with a cookie of another session (OWASP's signed double submit).
 */
export function csrfToken(secret: Buffer, refreshToken: string): string {
  return createHmac('sha256', secret)
    .update(`csrf:${sessionPart(refreshToken)}`)
    .digest('base64url')
}

/** Throws `CSRF_FAILED` unless `sent` is the token of the session that the cookie's refresh token belongs to. */
export function requireCsrfToken(secret: Buffer, refreshToken: string, sent: string | undefined): void {
  const expected = Buffer.from(csrfToken(secret, refreshToken))
  const given = Buffer.from(sent ?? '')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new AppError('CSRF_FAILED')
}

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
