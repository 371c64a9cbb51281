import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@kinora/common/errors'
import express, { type Request, type Response } from 'express'
import { LINGER_MS } from './connections.ts'

const LIMIT = '100kb'
const TIME_MS = 10_000
/** No valid request has more than a few levels. The limit makes it safe to walk a body recursively. */
const MAX_DEPTH = 16

const parse = express.json({
  limit: LIMIT,
  inflate: false,
  strict: false,
  type: 'application/json',
  verify: (_req, _res, _bytes, encoding) => {
    // JSON is UTF-8 (RFC 8259 section 8.1). The parser would take any charset that begins with `utf-`, UTF-7 among them.
    if (encoding !== 'utf-8') throw Object.assign(new Error('not UTF-8'), { type: 'charset.unsupported' })
  },
})

/**
 * The JSON body of a request; `{}` without a body. Throws `UNSUPPORTED_MEDIA_TYPE` for other types and charsets, the errors of
 * body-parser (among them more than 100 kB), `REQUEST_TIMEOUT` after 10 s, `VALIDATION_FAILED` for what `assertPlain` refuses.
 */
export async function readJson(req: Request, res: Response): Promise<unknown> {
  if (!hasBody(req)) return {}
  if (!req.is('application/json')) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', { detail: 'The body must be application/json' })
  }
  sendContinue(req, res)
  await parseInTime(req, res)
  const body: unknown = req.body
  assertPlain(body)
  return body
}

/** Throws `VALIDATION_FAILED` above 16 levels, and for a field `__proto__`, which schemas drop instead of refusing it. */
export function assertPlain(value: unknown): void {
  const invalid = (path: string, message: string) => new AppError('VALIDATION_FAILED', { fields: [{ path, message }] })
  if (isDeeperThan(MAX_DEPTH, value)) throw invalid('', 'Nested too deeply')
  if (hasProto(value)) throw invalid('__proto__', 'Unknown field')
}

/** RFC 9112 section 6.3: without either header a request has no body. */
function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
}

/** Bytes of the body; null for a chunked one, whose length is not announced. */
export function bodyLength({ headers }: IncomingMessage): number | null {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : null
}

function parseInTime(req: Request, res: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new AppError('REQUEST_TIMEOUT')), TIME_MS)
    parse(req, res, (error?: unknown) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve()
    })
  })
}

function isDeeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isDeeperThan(depth - 1, inner))
}

function hasProto(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasProto)
}

/** The whole body, at most `maxBytes`. Throws `BODY_TOO_LARGE`. */
export async function readBytes(req: Request, res: Response, maxBytes: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw new AppError('BODY_TOO_LARGE')
  sendContinue(req, res)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of bodyBytes(req, MIN_BYTES_PER_SECOND)) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new AppError('BODY_TOO_LARGE')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const WINDOW_MS = 30_000
/** A slower client does not upload but holds a connection open. */
export const MIN_BYTES_PER_SECOND = 1024

/**
 * The chunks of a request body, as they arrive. Destroys the request of a client that sends less than `minBytesPerSecond`
 * for 30 s, because each open upload holds a connection. Ending the iteration early does not destroy the request, so that
 * a response can still be sent.
 */
export function bodyBytes(req: IncomingMessage, minBytesPerSecond: number): AsyncIterable<Buffer> {
  const { socket } = req
  let before = socket.bytesRead
  // Reads the counter of the socket, so that nothing is added to the cost of a chunk.
  const watch = setInterval(() => {
    if (((socket.bytesRead - before) * 1000) / WINDOW_MS < minBytesPerSecond) req.destroy()
    before = socket.bytesRead
  }, WINDOW_MS)
  const stop = () => clearInterval(watch)
  req.once('end', stop).once('close', stop)
  return req.iterator({ destroyOnReturn: false })
}

/** An unread body up to this size is simply read and dropped; if it arrives in time, the connection stays usable. */
const SMALL_BYTES = 64 * 1024

/**
 * Asks for the body of a request with `Expect: 100-continue`, which is sent only after this (RFC 9110 section 10.1.1). Call
 * it right before reading, so that a refusal is sent before the body.
 */
export function sendContinue(req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue()
}

/** Whether the rest of the body is too large, or of unknown length, to wait for. */
function isStillSending(req: IncomingMessage): boolean {
  if (req.complete) return false
  if (req.headers['transfer-encoding'] !== undefined) return true
  const announced = Number(req.headers['content-length'] ?? 0)
  return announced > SMALL_BYTES || (announced > 0 && req.headers.expect !== undefined)
}

/**
 * Ends a response whose request body was not read. If the connection were closed at once, the kernel would reset it and
 * the client would lose the response (RFC 9112 section 9.6). So the whole response is sent first, with
 * `Connection: close`, then the rest of the body is read and dropped for 10 s at most, then the connection closes.
 */
export function endBeforeBody(req: IncomingMessage, res: ServerResponse, body: string): void {
  if (!isStillSending(req)) {
    res.end(body)
    return
  }
  res.setHeader('Connection', 'close')
  // Not `end`: Node closes the connection as soon as a response with this header has ended.
  res.write(body)
  const finish = () => {
    clearTimeout(timer)
    res.end()
  }
  const timer = setTimeout(finish, LINGER_MS)
  req.once('end', finish).once('close', finish).once('error', finish)
  req.resume()
}
