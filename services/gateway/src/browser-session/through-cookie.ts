import type { CallOptions } from '@kinora/common/bus'
import type { SignedIn } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { csrfToken, requireCsrfToken, requireOwnPage } from './csrf.ts'
import { clearSessionCookies, refreshCookie, setDeviceCookie, setSessionCookies } from './session-cookies.ts'

/** Reads a request's input, of which `given` holds some fields already, calls the service and gives its output in JSON. */
export type Ask = (
  req: Request,
  res: Response,
  call: CallOptions,
  given?: Readonly<Record<string, unknown>>,
) => Promise<Buffer>

/** Where a refresh token is: in the answer, in the request, or in both. */
export type CookieUse = 'given' | 'taken' | 'exchanged'

export interface CookieSettings {
  allowedOrigins: ReadonlySet<string>
  csrfSecret: Buffer
}

/**
 * Lets a method that takes or gives a refresh token be called by a page that never sees it: with
 * `X-Session-Transport: cookie` the token travels in a cookie instead of a body. Other requests are passed on as they are.
 */
export function throughCookie(ask: Ask, use: CookieUse, settings: CookieSettings): Ask {
  const takesToken = use !== 'given'
  return async (req, res, call) => {
    if (!asksForCookie(req)) return await ask(req, res, call)
    requireOwnPage(req.headers, settings.allowedOrigins)
    const byCookie: CallOptions = { ...call, ...(call.client && { client: { ...call.client, transport: 'cookie' } }) }
    if (!takesToken) return handOver(res, await ask(req, res, byCookie), settings.csrfSecret)

    const refreshToken = refreshCookie(req)
    if (refreshToken === undefined) throw new AppError('REFRESH_INVALID', { detail: 'There is no session cookie' })
    requireCsrfToken(settings.csrfSecret, refreshToken, req.get('x-csrf-token'))
    try {
      const output = await ask(req, res, byCookie, { refreshToken })
      // Where the token was not exchanged it was spent: the session has been ended with it.
      if (use === 'taken') clearSessionCookies(res)
      return handOver(res, output, settings.csrfSecret)
    } catch (error) {
      if (isOver(error)) clearSessionCookies(res)
      throw error
    }
  }
}

function asksForCookie(req: Request): boolean {
  const transport = req.get('x-session-transport') ?? 'body'
  if (transport === 'body' || transport === 'cookie') return transport === 'cookie'
  const message = 'Must be body or cookie'
  throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'X-Session-Transport', message }] })
}

/** Moves the refresh token and the device token, where the answer has them, out of it into cookies. */
function handOver(res: Response, output: Buffer, csrfSecret: Buffer): Buffer {
  const { refreshToken, deviceToken, ...rest } = JSON.parse(output.toString()) as Partial<SignedIn>
  if (refreshToken === undefined) return output
  const token = csrfToken(csrfSecret, refreshToken)
  setSessionCookies(res, { refreshToken, csrfToken: token, expiresIn: rest.refreshExpiresIn ?? 0 })
  if (deviceToken !== undefined) setDeviceCookie(res, deviceToken)
  return Buffer.from(JSON.stringify({ ...rest, csrfToken: token }))
}

/**
 * Auth's 401 means that this very token will never be honoured again, and so does `ACCOUNT_DISABLED`: disabling ends all
 * sessions for good. Anything else (a wrong CSRF token, a limit, a service that is away) says nothing of the sort, and the
 * cookie stays.
 */
function isOver(error: unknown): boolean {
  return error instanceof AppError && (error.status === 401 || error.code === 'ACCOUNT_DISABLED')
}
