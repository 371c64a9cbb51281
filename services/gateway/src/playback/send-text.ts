import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Request, Response } from 'express'
import { LRUCache } from 'lru-cache'
import { contentTag, isNotModified } from './conditional-request.ts'

const compress = promisify(gzip)
/** By ETag: viewers of one scope get the same playlists. */
const compressed = new LRUCache<string, Buffer>({ maxSize: 32 * 1024 ** 2, sizeCalculation: ({ length }) => length })
/** Characters below which the gzip header costs more than compression saves. */
const MIN_GZIP_CHARACTERS = 1000

/** Sends a text, or 304. Its ETag is a hash of the text. It is compressed if the client accepts gzip. */
export async function sendText(
  req: Request,
  res: Response,
  { text, contentType, cacheControl }: { text: string; contentType: string; cacheControl: string },
): Promise<void> {
  const tag = contentTag(text)
  res.setHeader('Cache-Control', cacheControl)
  res.setHeader('Vary', 'Accept-Encoding')
  const zipped = text.length >= MIN_GZIP_CHARACTERS && req.acceptsEncodings('gzip', 'identity') === 'gzip'
  // Two encodings need different tags (RFC 9110 section 8.8.3.3).
  const ownTag = zipped ? `${tag.slice(0, -1)}-gz"` : tag
  res.setHeader('ETag', ownTag)
  if (isNotModified(req.headers, ownTag)) {
    res.status(304).end()
    return
  }
  const body = zipped ? await compressOnce(ownTag, text) : Buffer.from(text)
  if (zipped) res.setHeader('Content-Encoding', 'gzip')
  res.setHeader('Content-Type', contentType)
  res.setHeader('Content-Length', body.length)
  res.status(200).end(body)
}

async function compressOnce(tag: string, text: string): Promise<Buffer> {
  const known = compressed.get(tag)
  if (known) return known
  const body = await compress(text)
  compressed.set(tag, body)
  return body
}

/** Also of a storyboard, whose addresses expire, too. */
export const PLAYLIST_MAX_AGE_SECONDS = 60

/**
 * Sends a playlist, which no shared cache may keep: the addresses in it are for the viewers of one scope, and expire. While a
 * video is processed its playlists change, so players must revalidate them until they end.
 */
export async function sendPlaylist(req: Request, res: Response, text: string): Promise<void> {
  const isComplete = text.includes('#EXT-X-ENDLIST')
  const cacheControl = isComplete ? `private, max-age=${PLAYLIST_MAX_AGE_SECONDS}` : 'private, no-cache'
  await sendText(req, res, { text, contentType: 'application/vnd.apple.mpegurl', cacheControl })
}
