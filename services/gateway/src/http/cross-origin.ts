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
  'X-Video-Id',
  // tus 1.0.0
  'Tus-Resumable',
  'Tus-Version',
  'Tus-Extension',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Expires',
  'Upload-Metadata',
]

/**
 * Which web pages may use the API: a browser shows an answer without CORS headers to no page of another origin, and sends
 * neither JSON nor a token for it without asking first. Playback is open to all, because links to it are meant to be
 * embedded. Credentials are allowed to listed origins alone, for cookie sessions (see `browser-session/`).
 */
export function crossOrigin(allowed: ReadonlySet<string>): RequestHandler {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  const api = { origin: [...allowed], methods, exposedHeaders: EXPOSED, maxAge: 600 }
  const listed = cors({ ...api, credentials: true })
  const foreign = cors(api)
  const open = cors({ origin: '*', methods: ['GET', 'HEAD'], exposedHeaders: EXPOSED, maxAge: 86_400 })

  return (req, res, next) => {
    if (req.path.startsWith('/play/')) return open(req, res, next)
    const { origin } = req.headers
    if (origin !== undefined && allowed.has(origin)) return listed(req, res, next)
    if (origin !== undefined || req.method === 'OPTIONS') return foreign(req, res, next)
    // A cache must not hand an answer without CORS headers to a page that needs them.
    res.setHeader('Vary', 'Origin')
    next()
  }
}
