import type { CookieOptions, Request, Response } from 'express'

/**
 * The prefix makes browsers refuse a cookie of this name from a subdomain, for a part of the site or over plain HTTP.
 * Chromium takes it on http://localhost and http://127.0.0.1 as well, so development needs no weaker names.
 */
const REFRESH = '__Host-kinora_refresh'
/** For scripts of the API's own origin; pages of other origins find the token in the body of the answer. */
const CSRF = '__Host-kinora_csrf'

/**
 * By which auth knows a browser again at its next sign-in. It is no credential, and outlives sessions. Lax: also the first
 * request after a link from another site has it.
 */
const DEVICE = '__Host-kinora_device'
const DEVICE_MS = 365 * 24 * 3600 * 1000

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

export function setDeviceCookie(res: Response, deviceToken: string): void {
  res.cookie(DEVICE, deviceToken, { ...HIDDEN, sameSite: 'lax', maxAge: DEVICE_MS })
}

export function deviceCookie(req: Request): string | undefined {
  return cookieOf(req, DEVICE)
}

export function clearSessionCookies(res: Response): void {
  res.clearCookie(REFRESH, HIDDEN)
  res.clearCookie(CSRF, READABLE)
}

/** The refresh token that the browser has sent, which as base64url needs no decoding (RFC 6265 section 5.4). */
export function refreshCookie(req: Request): string | undefined {
  return cookieOf(req, REFRESH)
}

function cookieOf({ headers }: Request, name: string): string | undefined {
  const pair = headers.cookie?.split('; ').find((it) => it.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}
