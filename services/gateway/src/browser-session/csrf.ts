import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '@kinora/common/errors'
import { sessionPart } from '../identity/refresh-token.ts'

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
