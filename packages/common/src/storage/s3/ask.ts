import type { Readable } from 'node:stream'
import { AppError } from '../../errors.ts'

/** Limit until an answer begins, including retries. */
const ANSWER_MS = 8000
/** Limit between two chunks of a body, while the reader waits for the next one. */
const SILENCE_MS = 8000

/** Sends a request and gives up when no answer begins in time. Throws errors of `asStoreError`. */
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
 * The chunks of an answer's body. The time limit counts only while the next chunk is awaited, so that a slow reader does not
 * exceed it.
 */
export async function* piecesOf(body: Readable): AsyncGenerator<Buffer> {
  const pieces = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const timer = setTimeout(() => body.destroy(new Error('the store sent no data in time')), SILENCE_MS)
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
/** Error codes for a body that arrived damaged. */
const GARBLED = new Set(['BadDigest', 'XAmzContentSHA256Mismatch', 'InvalidDigest', 'RequestTimeout'])

/**
 * `FILE_NOT_FOUND`, `STORAGE_FULL`, or `DEPENDENCY_UNAVAILABLE` for a store that is down, overloaded or refuses our
 * credentials. Errors that mean a wrong request are returned unchanged.
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
