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
 * Which web pages may use the API: a browser shows an answer without CORS headers to no page of another origin, and sends
 * neither JSON nor a token for it without asking first. Playback is open to all, because links to it are meant to be
 * embedded. No route takes cookies, so no origin is ever allowed credentials.
 */
export function crossOrigin(publicUrl: string, origins: string[]): RequestHandler {
  const allowed = [publicUrl, ...origins].map((origin) => new URL(origin).origin)
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  const listed = cors({ origin: allowed, methods, exposedHeaders: EXPOSED, maxAge: 600 })
  const open = cors({ origin: '*', methods: ['GET', 'HEAD'], exposedHeaders: EXPOSED, maxAge: 86_400 })

  return (req, res, next) => {
    if (req.path.startsWith('/play/')) return open(req, res, next)
    if (req.headers.origin !== undefined || req.method === 'OPTIONS') return listed(req, res, next)
    // A cache must not hand an answer without CORS headers to a page that needs them.
    res.setHeader('Vary', 'Origin')
    next()
  }
}
