import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { AppError } from '../errors.ts'
import type { Piece, Store, Written } from './store.ts'

/** At most this much is left to flush at the end, when the client waits for the answer. */
const FLUSH_BYTES = 64 * 1024 * 1024

/** Writes each chunk as it arrives, because chunks in memory are lost with the process or when another request takes over. */
export async function appendChunks(
  chunks: AsyncIterable<Buffer>,
  file: FileHandle,
  maxBytes: number,
): Promise<Written> {
  const hash = createHash('sha256')
  let bytes = 0
  let unflushed = 0
  for await (const chunk of chunks) {
    if (bytes + chunk.length > maxBytes) throw new AppError('UPLOAD_TOO_LARGE')
    hash.update(chunk)
    await file.appendFile(chunk)
    bytes += chunk.length
    unflushed += chunk.length
    if (unflushed < FLUSH_BYTES) continue
    await file.datasync()
    unflushed = 0
  }
  return { bytes, sha256: hash.digest('hex') }
}

/** The sealed bytes of the pieces in order. */
export async function* concatenate(store: Store, pieces: readonly Piece[]): AsyncGenerator<Buffer> {
  for (const { key, bytes } of pieces) yield* store.read(key, { start: 0, end: bytes - 1 })
}

export async function measure(bytes: AsyncIterable<Buffer>): Promise<Written> {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of bytes) {
    hash.update(chunk)
    length += chunk.length
  }
  return { bytes: length, sha256: hash.digest('hex') }
}
