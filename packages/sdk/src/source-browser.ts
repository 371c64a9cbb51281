import type { Upload } from 'tus-js-client'
import type { OpenedSource, UploadSource } from './source.ts'

/** Blobs and files are read in place; streams in pieces that are kept until the server has them. */
export async function openSource(source: UploadSource): Promise<OpenedSource> {
  if (typeof source === 'string' || source instanceof URL)
    throw new TypeError('A browser cannot read a file by its path')
  if (source instanceof Blob) {
    return { file: source, name: source instanceof File ? source.name : undefined, type: source.type || undefined }
  }
  if (source instanceof Uint8Array) return { file: new Blob([source as Uint8Array<ArrayBuffer>]) }
  const iterator = 'getReader' in source ? undefined : source[Symbol.asyncIterator]()
  const reader = iterator ? { read: () => iterator.next() } : (source as ReadableStream<Uint8Array>).getReader()
  return { file: reader as Upload['file'], isStream: true }
}
