import { createHash } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { WriteOptions, Written } from './store.ts'

/** Where a received stream goes. Calls come one after the other, never two at once. */
export interface Sink {
  /** Bytes gathered before they are written at once; all batches but the last have exactly that many. */
  batchBytes: number
  write(batch: Buffer[]): Promise<unknown>
  /** What is left, perhaps nothing; the whole has the length that it should have. */
  end(batch: Buffer[]): Promise<unknown>
}

/**
 * Copies a stream into a sink, hashing on the way. One write is always under way while the next batch is gathered and
 * hashed, so two batches are in memory at most, and the sink and the processor work at the same time.
 */
export async function receive(
  source: AsyncIterable<Buffer>,
  sink: Sink,
  { maxBytes, expectedBytes }: WriteOptions,
): Promise<Written> {
  const hash = createHash('sha256')
  let bytes = 0
  let batch: Buffer[] = []
  let missing = sink.batchBytes
  let writing: Promise<unknown> = Promise.resolve()

  async function gather(chunk: Buffer): Promise<void> {
    if (chunk.length < missing) {
      batch.push(chunk)
      missing -= chunk.length
      return
    }
    batch.push(chunk.subarray(0, missing))
    const rest = chunk.subarray(missing)
    await writing
    writing = sink.write(batch)
    // A failure is thrown where it is awaited; this only keeps it from counting as unhandled until then.
    writing.catch(() => {})
    batch = []
    missing = sink.batchBytes
    if (rest.length > 0) await gather(rest)
  }

  try {
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new AppError('UPLOAD_TOO_LARGE')
      hash.update(chunk)
      await gather(chunk)
    }
    await writing
    if (expectedBytes !== null && bytes !== expectedBytes) throw new AppError('UPLOAD_INCOMPLETE')
    await sink.end(batch)
  } catch (error) {
    await writing.catch(() => {})
    throw asUploadError(error)
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** A client that goes away ends the stream with one of these. */
const ABORTED = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR', 'EPIPE'])

function asUploadError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && ABORTED.has(code) ? new AppError('UPLOAD_INCOMPLETE', { cause: error }) : error
}
