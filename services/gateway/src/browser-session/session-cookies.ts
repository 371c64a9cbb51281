import type { CookieOptions, Request, Response } from 'express'

/**
 * The prefix makes browsers refuse a cookie of this name from a subdomain, for a part of the site or over plain HTTP.
 * Chromium takes it on http://localhost and http://127.0.0.1 as well, so development needs no weaker names.
 */
const REFRESH = '__Host-kinora_refresh'
/** For scripts of the API's own origin; pages of other origins find the token in the body of the answer. */
const CSRF = '__Host-kinora_csrf'

const READABLE: CookieOptions = { path: '/', secure: true, sameSite: 'strict' }
const HIDDEN: CookieOptions = { ...READABLE, httpOnly: true }

export interface SessionSecrets {
  refreshToken: string
  csrfToken: string
  /** Seconds. */
  expiresIn: number
}

export function setSessionCookies(res: Response, { refreshToken, csrfToken, expiresIn }: SessionSecrets): void {
  const maxAge = expiresIn * 1000
  res.cookie(REFRESH, refreshToken, { ...HIDDEN, maxAge })
  res.cookie(CSRF, csrfToken, { ...READABLE, maxAge })
}

export function clearSessionCookies(res: Response): void {
  res.clearCookie(REFRESH, HIDDEN)
  res.clearCookie(CSRF, READABLE)
}

/** The refresh token that the browser has sent, which as base64url needs no decoding (RFC 6265 section 5.4). */
export function refreshCookie({ headers }: Request): string | undefined {
  const pair = headers.cookie?.split('; ').find((it) => it.startsWith(`${REFRESH}=`))
  return pair?.slice(REFRESH.length + 1)
}
