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
  'Idempotent-Replayed',
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
 * CORS middleware. Pages of the `allowed` origins may use the API, also with credentials, for cookie sessions (see
 * `browser-session/`); pages of other origins can neither read its responses nor send JSON or a token. Playback is open to
 * all origins, because its links are meant to be embedded; its answers are the same for all of them, so caches need not vary.
 */
export function crossOrigin(allowed: ReadonlySet<string>): RequestHandler {
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
  const api = { origin: [...allowed], methods, exposedHeaders: EXPOSED, maxAge: 600 }
  const listed = cors({ ...api, credentials: true })
  const foreign = cors(api)
  const open = cors({ origin: '*', methods: ['GET', 'HEAD'], exposedHeaders: EXPOSED, maxAge: 86_400 })

  return (req, res, next) => {
    if (req.path.startsWith('/play/') || req.path.startsWith('/v/')) return open(req, res, next)
    const { origin } = req.headers
    if (origin !== undefined && allowed.has(origin)) return listed(req, res, next)
    if (origin !== undefined || req.method === 'OPTIONS') return foreign(req, res, next)
    // Otherwise a cache could serve a response without CORS headers to a page that needs them.
    res.setHeader('Vary', 'Origin')
    next()
  }
}
