import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { AppError } from '../errors.ts'
import type { WriteOptions, Written } from './store.ts'

/** Bytes gathered before they are written at once; two such batches are in memory at most. */
const BATCH_BYTES = 1024 * 1024

/**
 * Copies a stream into an open file, hashing on the way. One write is always under way while the next batch is gathered
 * and hashed, so the disk and the processor work at the same time.
 */
export async function receive(
  source: AsyncIterable<Buffer>,
  file: FileHandle,
  options: WriteOptions,
): Promise<Written> {
  const hash = createHash('sha256')
  let bytes = 0
  let batch: Buffer[] = []
  let batchBytes = 0
  let writing: Promise<unknown> = Promise.resolve()

  try {
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > options.maxBytes) throw new AppError('UPLOAD_TOO_LARGE')
      hash.update(chunk)
      batch.push(chunk)
      batchBytes += chunk.length
      if (batchBytes < BATCH_BYTES) continue
      await writing
      writing = writeAll(file, batch)
      // A failure is thrown where it is awaited; this only keeps it from counting as unhandled until then.
      writing.catch(() => {})
      batch = []
      batchBytes = 0
    }
    await writing
    await writeAll(file, batch)
  } catch (error) {
    await writing.catch(() => {})
    throw asUploadError(error)
  }
  if (options.expectedBytes !== null && bytes !== options.expectedBytes) throw new AppError('UPLOAD_INCOMPLETE')
  return { bytes, sha256: hash.digest('hex') }
}

/** `writev` may write less than asked; the rest is written piece by piece. */
async function writeAll(file: FileHandle, buffers: Buffer[]): Promise<void> {
  if (buffers.length === 0) return
  const total = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
  const { bytesWritten } = await file.writev(buffers)
  if (bytesWritten === total) return
  const rest = Buffer.concat(buffers).subarray(bytesWritten)
  for (let at = 0; at < rest.length; ) at += (await file.write(rest, at)).bytesWritten
}

/** A client that goes away ends the stream with one of these. */
const ABORTED = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR', 'EPIPE'])

function asUploadError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && ABORTED.has(code) ? new AppError('UPLOAD_INCOMPLETE', { cause: error }) : error
}
