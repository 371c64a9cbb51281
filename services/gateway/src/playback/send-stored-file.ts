import { createHash, timingSafeEqual } from 'node:crypto'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '@kinora/common/errors'
import type { StoredFile } from '@kinora/common/storage'
import { type Blank, blankOut } from '@kinora/formats/web-file'
import type { Request, Response } from 'express'
import type { Context } from '../context.ts'
import { metered, type TrafficKind } from '../rate-limit/traffic.ts'
import { byteRange, fileTag, isNotModified, isRangeCurrent } from './conditional-request.ts'

export interface SentFile {
  key: string
  contentType: string
  /** `public`: a shared cache may keep it. */
  scope: 'public' | 'private'
  /**
   * Seconds that caches may use it without revalidation, at most; fewer if it is public. Undefined: a year, because the file
   * at this URL never changes.
   */
  maxAgeSeconds?: number
  /** Replaces what follows from `scope` and `maxAgeSeconds`. */
  caching?: string
  /** Whether nginx in front sends the bytes itself; see `isHandedOver`. */
  handOver?: boolean
  /** Bytes that are sent as others. */
  blanks?: readonly Blank[]
  /** As what its bytes count for the address of the client; null: not at all. Undefined: playback. */
  traffic?: TrafficKind | null
}

type Sender = Pick<Context, 'store' | 'traffic'>

const YEAR_SECONDS = 31_536_000
/**
 * What is public may be made private at any time. A shared cache asks again after a minute, and so stops within that time; a
 * browser, whose user has seen the file, after an hour.
 */
const PUBLIC_SECONDS = 3600
const SHARED_SECONDS = 60

/**
 * Sends a stored file, the requested range of it, or 304. Throws `FILE_NOT_FOUND`, `RANGE_NOT_SATISFIABLE`, and the errors of
 * `Traffic.begin`.
 */
export async function sendStoredFile(req: Request, res: Response, sender: Sender, file: SentFile): Promise<void> {
  if (file.handOver) return await handOver(req, res, sender, file)
  const { store } = sender
  const stored = await store.stat(file.key)
  if (!stored) throw new AppError('FILE_NOT_FOUND')
  const tag = fileTag(stored)
  const range = isRangeCurrent(req.headers, tag) ? byteRange(req.headers.range, stored.bytes) : 'whole'
  if (range === 'unsatisfiable' && !isNotModified(req.headers, tag)) refuseRange(res, stored)
  res.setHeader('Cache-Control', file.caching ?? cacheControl(file))
  res.setHeader('ETag', tag)
  res.setHeader('Accept-Ranges', 'bytes')
  if (isNotModified(req.headers, tag)) {
    res.status(304).end()
    return
  }
  const part = typeof range === 'string' ? undefined : range
  const bytes = part ? part.end - part.start + 1 : stored.bytes
  const { traffic = 'playback' } = file
  const isCounted = traffic !== null && req.method !== 'HEAD'
  const transfer = isCounted ? await sender.traffic.begin(req, res, traffic, bytes) : undefined
  res.setHeader('Content-Type', file.contentType)
  res.setHeader('Content-Length', bytes)
  if (part) res.setHeader('Content-Range', `bytes ${part.start}-${part.end}/${stored.bytes}`)
  res.status(part ? 206 : 200)
  if (req.method === 'HEAD') return void res.end()
  try {
    const content = blanked(store.read(file.key, part), part?.start ?? 0, file.blanks ?? [])
    // Small files are counted as a whole, so that their bytes take no detour.
    await stream(transfer && transfer.allowed < bytes ? Readable.from(metered(content, transfer)) : content, res)
  } finally {
    transfer?.end()
  }
}

/** Replaces bytes on the fly, so that no copy of the file is needed. */
function blanked(bytes: Readable, start: number, blanks: readonly Blank[]): Readable {
  if (blanks.length === 0) return bytes
  let at = start
  const replace = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const from = at
      at += chunk.length
      // The store may hold on to its buffer.
      done(null, blankOut(Buffer.from(chunk), from, blanks))
    },
  })
  pipeline(bytes, replace).catch(() => {})
  return replace
}

async function stream(bytes: NodeJS.ReadableStream, res: Response): Promise<void> {
  try {
    await pipeline(bytes, res)
  } catch (error) {
    // Players often close the connection in the middle of a segment.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  }
}

function refuseRange(res: Response, { bytes }: StoredFile): never {
  res.setHeader('Content-Range', `bytes */${bytes}`)
  throw new AppError('RANGE_NOT_SATISFIABLE')
}

/** The `Cache-Control` of a file that is played. */
function cacheControl({ scope, maxAgeSeconds }: Pick<SentFile, 'scope' | 'maxAgeSeconds'>): string {
  if (scope === 'public') {
    const [own, shared] = [PUBLIC_SECONDS, SHARED_SECONDS].map((most) => Math.min(most, maxAgeSeconds ?? most))
    return `public, max-age=${own}, s-maxage=${shared}, must-revalidate`
  }
  return maxAgeSeconds === undefined
    ? `${scope}, max-age=${YEAR_SECONDS}, immutable`
    : `${scope}, max-age=${maxAgeSeconds}`
}

/**
 * Whether a request comes from a cache that knows the delivery secret; also if there is no secret, where `ifUnset` says so.
 */
export function isFromCache(req: Request, secret: string | undefined, ifUnset: boolean): boolean {
  if (secret === undefined) return ifUnset
  const given = createHash('sha256').update(String(req.headers['x-delivery-secret'])).digest()
  return timingSafeEqual(given, createHash('sha256').update(secret).digest())
}

/** Whether the request comes from an nginx that sends files itself: `deploy/nginx/kinora.conf.template`. */
export function isHandedOver(req: Request, secret: string | undefined): boolean {
  return req.headers['x-sendfile-type'] === 'X-Accel-Redirect' && isFromCache(req, secret, false)
}

/** Tells nginx where the bytes are. Ranges and conditions are its concern; a range that it sends is counted here. */
async function handOver(req: Request, res: Response, { store, traffic }: Sender, file: SentFile): Promise<void> {
  const location = await store.locate(file.key)
  if (!location) throw new AppError('FILE_NOT_FOUND')
  if (file.traffic && req.method !== 'HEAD') {
    const stored = await store.stat(file.key)
    const range = byteRange(req.headers.range, stored?.bytes ?? 0)
    const bytes = typeof range === 'string' ? (stored?.bytes ?? 0) : range.end - range.start + 1
    await traffic.charge(req, res, file.traffic, bytes)
  }
  res.setHeader('Cache-Control', file.caching ?? cacheControl(file))
  res.setHeader('Content-Type', file.contentType)
  res.setHeader('X-Accel-Redirect', location.kind === 'file' ? `/_objects/${location.path}` : '/_bucket')
  if (location.kind === 'url') res.setHeader('X-Bucket-Url', location.url)
  res.status(200).end()
}
