import type { Readable } from 'node:stream'
import { AppError } from '../../errors.ts'

/** To the beginning of an answer, retries included. */
const ANSWER_MS = 8000
/** Between two pieces of a body, while somebody waits for the next one. */
const SILENCE_MS = 8000

/** Sends a request; when there is no answer in time it is given up. Throws what `asStoreError` makes of failures. */
export async function ask<T>(
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
  timeoutMs = ANSWER_MS,
): Promise<T> {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), timeoutMs)
  try {
    return await send({ abortSignal: deadline.signal })
  } catch (error) {
    throw asStoreError(error)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * An answer's body, piece by piece. The clock runs only while the next piece is awaited: a slow reader is no fault of the
 * store's.
 */
export async function* piecesOf(body: Readable): AsyncGenerator<Buffer> {
  const pieces = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(new Error('the store fell silent')), SILENCE_MS)
      const piece = await pieces.next().finally(() => clearTimeout(timer))
      if (piece.done) return
      yield piece.value
    }
  } catch (error) {
    throw asStoreError(error)
  } finally {
    body.destroy()
  }
}

const MISSING = new Set(['NoSuchKey', 'NotFound'])
const FULL = new Set(['XMinioStorageFull', 'QuotaExceeded', 'InsufficientStorage'])
/** What was sent did not arrive as it was sent. */
const GARBLED = new Set(['BadDigest', 'XAmzContentSHA256Mismatch', 'InvalidDigest', 'RequestTimeout'])

/**
 * `FILE_NOT_FOUND`, `STORAGE_FULL`, or `DEPENDENCY_UNAVAILABLE` for a store that is away, overloaded or does not let us in.
 * What means that we asked wrongly stays as it is.
 */
function asStoreError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const { name = '', $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
  const status = $metadata?.httpStatusCode ?? 0
  if (MISSING.has(name)) return new AppError('FILE_NOT_FOUND', { cause: error })
  if (FULL.has(name) || status === 507) return new AppError('STORAGE_FULL', { cause: error })
  const askedWrongly = status >= 400 && status < 500 && ![403, 404, 408, 429].includes(status) && !GARBLED.has(name)
  return askedWrongly ? error : new AppError('DEPENDENCY_UNAVAILABLE', { cause: error, retryAfterMs: 1000 })
}
