import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@kinora/common/errors'
import express, { type Request, type Response } from 'express'

const LIMIT = '100kb'
const TIME_MS = 10_000
/** No request of ours is deeper than a few levels; what comes out of this may be walked without fear for the stack. */
const MAX_DEPTH = 16

const parse = express.json({ limit: LIMIT, inflate: false, strict: false, type: 'application/json' })

/**
 * The JSON body of a request; `{}` where there is none. Throws `UNSUPPORTED_MEDIA_TYPE` for anything else, body-parser's
 * errors, `REQUEST_TIMEOUT` for a body that trickles in, `VALIDATION_FAILED` for one that is nested too deeply.
 */
export async function readJson(req: Request, res: Response): Promise<unknown> {
  if (!hasBody(req)) return {}
  if (!req.is('application/json')) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', { detail: 'The body must be application/json' })
  }
  sendContinue(req, res)
  await parseInTime(req, res)
  const body: unknown = req.body
  if (isDeeperThan(MAX_DEPTH, body)) {
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: '', message: 'Nested too deeply' }] })
  }
  return body
}

/** RFC 9112 section 6.3: without either header a request has no body. */
function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
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

/** A body of bytes as text. Throws `BODY_TOO_LARGE`, and null when it is not UTF-8. */
export async function readText(req: Request, res: Response, maxBytes: number): Promise<string | null> {
  const bytes = await readBytes(req, res, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** A whole body. Throws `BODY_TOO_LARGE`. */
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
/** Less than this is no upload but a connection held open. */
export const MIN_BYTES_PER_SECOND = 1024

/**
 * The bytes of a request's body, as they come. A client that sends less than `minBytesPerSecond` for half a minute is
 * cut off, because each open upload holds a connection. Leaving early does not destroy the request, so that it can still
 * be answered.
 */
export function bodyBytes(req: IncomingMessage, minBytesPerSecond: number): AsyncIterable<Buffer> {
  const { socket } = req
  let before = socket.bytesRead
  // Looks at the socket's own counter, so that nothing is done for each chunk.
  const watch = setInterval(() => {
    if (((socket.bytesRead - before) * 1000) / WINDOW_MS < minBytesPerSecond) req.destroy()
    before = socket.bytesRead
  }, WINDOW_MS)
  const stop = () => clearInterval(watch)
  req.once('end', stop).once('close', stop)
  return req.iterator({ destroyOnReturn: false })
}

/** Bodies up to this size are read and dropped without ceremony; the connection stays usable. */
const SMALL_BYTES = 64 * 1024
/** How long a client that is still sending may go on before the connection is closed on it. */
const LINGER_MS = 10_000

/**
 * With `Expect: 100-continue` the body starts only after this (RFC 9110 section 10.1.1). Called right before reading, so
 * that a refusal comes before the bytes.
 */
export function sendContinue(req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue()
}

/** Is a body announced that has not arrived yet, too large to wait for? */
function isStillSending(req: IncomingMessage): boolean {
  if (req.complete) return false
  if (req.headers['transfer-encoding'] !== undefined) return true
  const announced = Number(req.headers['content-length'] ?? 0)
  return announced > SMALL_BYTES || (announced > 0 && req.headers.expect !== undefined)
}

/**
 * Ends an answer that was made before the request's body was read. Closing at once would make the kernel reset the
 * connection, and the client would lose the answer (RFC 9112 section 9.6): the whole answer is sent first, with
 * `Connection: close`, then the rest of the body is read and dropped for a bounded time, then the connection closes.
 */
export function endBeforeBody(req: IncomingMessage, res: ServerResponse, body: string): void {
  if (!isStillSending(req)) {
    res.end(body)
    return
  }
  res.setHeader('Connection', 'close')
  // Not `end`: Node closes the connection as soon as an answer with this header has ended.
  res.write(body)
  const finish = () => {
    clearTimeout(timer)
    res.end()
  }
  const timer = setTimeout(finish, LINGER_MS)
  req.once('end', finish).once('close', finish).once('error', finish)
  req.resume()
}
