import { AppError } from '@kinora/common/errors'
import cors from 'cors'
import type { Request, RequestHandler, Response } from 'express'

const EXPOSED = [
  'X-Request-Id',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'Location',
  'ETag',
  'Content-Length',
  'Content-Range',
  'Accept-Ranges',
  'X-Video-Id',
  'Idempotent-Replayed',
  // tus 1.0.0
  'Tus-Resumable',
  'Tus-Version',
  'Tus-Extension',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Expires',
  'Upload-Metadata',
  'Upload-Defer-Length',
  // draft-ietf-httpbis-resumable-upload
  'Upload-Complete',
  'Upload-Limit',
  'Accept-Patch',
]

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const PREFLIGHT_SECONDS = 600

/**
 * CORS middleware. Pages of the `allowed` origins may use the API, also with credentials, for cookie sessions (see
 * `browser-session/`); pages of other origins can neither read its responses nor send JSON or a token. Playback is open to
 * all origins, because its links are meant to be embedded; its answers are the same for all of them, so caches need not vary.
 * An upload link names its own origins: see `allowOrigin`.
 */
export function crossOrigin(allowed: ReadonlySet<string>): RequestHandler {
  const api = { origin: [...allowed], methods: METHODS, exposedHeaders: EXPOSED, maxAge: PREFLIGHT_SECONDS }
  const listed = cors({ ...api, credentials: true })
  const foreign = cors(api)
  const open = cors({ origin: '*', methods: ['GET', 'HEAD'], exposedHeaders: EXPOSED, maxAge: 86_400 })

  return (req, res, next) => {
    if (req.path.startsWith('/play/') || req.path.startsWith('/v/')) return open(req, res, next)
    if (req.path.startsWith('/u/')) {
      // Until the link is known, so that pages can read why it is refused.
      res.setHeader('Access-Control-Allow-Origin', '*')
      res.setHeader('Access-Control-Expose-Headers', EXPOSED.join(','))
      return next()
    }
    const { origin } = req.headers
    if (origin !== undefined && allowed.has(origin)) return listed(req, res, next)
    if (origin !== undefined || req.method === 'OPTIONS') return foreign(req, res, next)
    // Otherwise a cache could serve a response without CORS headers to a page that needs them.
    res.setHeader('Vary', 'Origin')
    next()
  }
}

/**
 * Lets pages of the `allowed` origins read the answer; null: all. Throws `UPLOAD_LINK_ORIGIN_NOT_ALLOWED` for pages of others, which cannot read
 * that either. A request without an origin does not come from a page of another one.
 */
export function allowOrigin({ headers: { origin } }: Request, res: Response, allowed: readonly string[] | null): void {
  if (allowed === null) return
  res.removeHeader('Access-Control-Allow-Origin')
  res.setHeader('Vary', 'Origin')
  if (origin === undefined) return
  if (!allowed.includes(origin)) throw new AppError('UPLOAD_LINK_ORIGIN_NOT_ALLOWED')
  res.setHeader('Access-Control-Allow-Origin', origin)
}

/** The answer to a preflight whose origin is allowed: every method, and the headers that it asks for. */
export function sendPreflight(req: Request, res: Response): void {
  const asked = req.headers['access-control-request-headers']
  res.setHeader('Access-Control-Allow-Methods', METHODS.join(','))
  if (asked !== undefined) res.setHeader('Access-Control-Allow-Headers', asked)
  res.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS)
  res.vary('Access-Control-Request-Headers')
  res.status(204).end()
}
