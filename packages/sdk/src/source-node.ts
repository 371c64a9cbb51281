import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { fileURLToPath } from 'node:url'
import type { FileSource, Upload } from 'tus-js-client'
import type { OpenedSource, UploadSource } from './source.ts'

/** Files are read by their path; streams in pieces that are kept until the server has them. */
export async function openSource(source: UploadSource): Promise<OpenedSource> {
  if (typeof source === 'string' || source instanceof URL) {
    const path = typeof source === 'string' ? source : fileURLToPath(source)
    await stat(path)
    return { ...asFile(createReadStream(path)), name: basename(path) }
  }
  if (source instanceof Uint8Array) return asFile(Buffer.from(source.buffer, source.byteOffset, source.byteLength))
  if (source instanceof Blob) {
    const name = 'name' in source ? String(source.name) : undefined
    const tus = { fileReader: { openFile: async () => new BlobSource(source) } }
    return { ...asFile(source), tus, name, type: source.type || undefined }
  }
  const isWeb = 'getReader' in source
  const stream = isWeb ? Readable.fromWeb(source as NodeReadableStream) : Readable.from(source, { objectMode: false })
  return { ...asFile(stream), isStream: true }
}

/** tus-js-client takes these in Node, but its types are those of browsers. */
function asFile(file: unknown): Pick<OpenedSource, 'file'> {
  return { file: file as Upload['file'] }
}

/** tus-js-client reads blobs in browsers only. */
class BlobSource implements FileSource {
  readonly #blob: Blob
  readonly size: number

  constructor(blob: Blob) {
    this.#blob = blob
    this.size = blob.size
  }

  async slice(start: number, end: number): Promise<{ value: Readable; done: boolean }> {
    const part = this.#blob.slice(start, Math.min(end, this.size))
    const value = Object.assign(Readable.fromWeb(part.stream() as NodeReadableStream), { size: part.size })
    return { value, done: end >= this.size }
  }

  close(): void {}
}
