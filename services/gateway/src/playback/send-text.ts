import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Request, Response } from 'express'
import { contentTag, isNotModified } from './conditional-request.ts'

const compress = promisify(gzip)
/** Below this the header of gzip costs more than it saves. */
const WORTH_GZIP = 1000

/** Text whose validator is its content, compressed where the client takes that. */
export async function sendText(
  req: Request,
  res: Response,
  { text, contentType, cacheControl }: { text: string; contentType: string; cacheControl: string },
): Promise<void> {
  const tag = contentTag(text)
  res.setHeader('Cache-Control', cacheControl)
  res.setHeader('Vary', 'Accept-Encoding')
  const zipped = text.length >= WORTH_GZIP && req.acceptsEncodings('gzip', 'identity') === 'gzip'
  // Two encodings of one thing are two things to a cache (RFC 9110 section 8.8.3.3).
  const ownTag = zipped ? `${tag.slice(0, -1)}-gz"` : tag
  res.setHeader('ETag', ownTag)
  if (isNotModified(req.headers, ownTag)) {
    res.status(304).end()
    return
  }
  const body = zipped ? await compress(text) : Buffer.from(text)
  if (zipped) res.setHeader('Content-Encoding', 'gzip')
  res.setHeader('Content-Type', contentType)
  res.setHeader('Content-Length', body.length)
  res.status(200).end(body)
}

const FINISHED_MAX_AGE_SECONDS = 60

/** Playlists grow and change while a video is made; a cache must ask each time until the list is closed. */
export async function sendPlaylist(req: Request, res: Response, text: string, scope: string): Promise<void> {
  const closed = text.includes('#EXT-X-ENDLIST')
  const cacheControl = closed ? `${scope}, max-age=${FINISHED_MAX_AGE_SECONDS}` : `${scope}, no-cache`
  await sendText(req, res, { text, contentType: 'application/vnd.apple.mpegurl', cacheControl })
}
