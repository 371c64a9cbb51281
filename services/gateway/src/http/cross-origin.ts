import { AppError } from '@kinora/common/errors'
import cors from 'cors'
import type { RequestHandler } from 'express'

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
]

/**
 * Which web pages may use the API. Playback is open to all, because links to it are meant to be embedded; no route takes
 * cookies, so no origin is ever allowed credentials. A page that may not call is refused before anything is done.
 */
export function crossOrigin(publicUrl: string, origins: string[]): RequestHandler {
  const allowed = new Set([publicUrl, ...origins].map((origin) => new URL(origin).origin))
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  const listed = cors({ origin: [...allowed], methods, exposedHeaders: EXPOSED, maxAge: 600 })
  const open = cors({ origin: '*', methods: ['GET', 'HEAD'], exposedHeaders: EXPOSED, maxAge: 86_400 })

  return (req, res, next) => {
    const { origin } = req.headers
    if (req.path.startsWith('/play/')) return open(req, res, next)
    if (origin === undefined && req.method !== 'OPTIONS') {
      // A cache must not hand an answer without CORS headers to a page that needs them.
      res.setHeader('Vary', 'Origin')
      return next()
    }
    if (origin !== undefined && !allowed.has(origin)) return next(new AppError('ORIGIN_NOT_ALLOWED'))
    listed(req, res, next)
  }
}
