import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { AppError } from '../errors.ts'
import type { WriteOptions, Written } from './store.ts'

/** The target of a received stream. Its functions are called one after another. */
export interface Sink {
  /** Size of the batches in bytes; all but the last have exactly this size. */
  batchBytes: number
  write(batch: Buffer[]): Promise<unknown>
  /** Takes the rest, which may be empty; by then the total length is checked. */
  end(batch: Buffer[]): Promise<unknown>
}

/**
 * Copies a stream into a sink and hashes it. One batch is written while the next is collected and hashed, so at most two
 * batches are in memory, and sink and processor work at the same time.
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
    // A failure is thrown where it is awaited; until then this keeps it from counting as unhandled.
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

/** Error codes of a stream whose client disconnected. */
const ABORTED = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR', 'EPIPE'])

function asUploadError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && ABORTED.has(code) ? new AppError('UPLOAD_INCOMPLETE', { cause: error }) : error
}

const BATCH_BYTES = 1024 * 1024

/** At most this much is left to flush when the last byte of a fast upload has arrived. */
const FLUSH_BYTES = 32 * 1024 * 1024

/** Writes to an open file, which is durable when the sink has ended. Flushes while more is received. */
export function fileSink(file: FileHandle): Sink {
  let unflushed = 0
  let flushing: Promise<void> | null = null
  let failure: unknown

  function flush(): void {
    unflushed = 0
    flushing = file
      .datasync()
      // The kernel reports a lost write only once: a later flush would succeed.
      .catch((error: unknown) => {
        failure = error
      })
      .finally(() => {
        flushing = null
      })
  }

  return {
    batchBytes: BATCH_BYTES,
    async write(batch) {
      if (failure) throw failure
      await writeAll(file, batch)
      unflushed += BATCH_BYTES
      if (unflushed >= FLUSH_BYTES && !flushing) flush()
    },
    async end(batch) {
      await writeAll(file, batch)
      await flushing
      if (failure) throw failure
      await file.datasync()
    },
  }
}

/** Writes all buffers; `writev` may write only a part of them. */
async function writeAll(file: FileHandle, buffers: Buffer[]): Promise<void> {
  if (buffers.length === 0) return
  const total = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
  const { bytesWritten } = await file.writev(buffers)
  if (bytesWritten === total) return
  const rest = Buffer.concat(buffers).subarray(bytesWritten)
  for (let at = 0; at < rest.length; ) at += (await file.write(rest, at)).bytesWritten
}
