import type { Upload, UploadOptions } from 'tus-js-client'

/**
 * What can be uploaded: in browsers a `File` or `Blob`, in Node the path of a file, too; everywhere bytes and streams. Of a
 * stream the length must be known: `size` in the options.
 */
export type UploadSource = string | URL | Blob | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

export interface OpenedSource {
  file: Upload['file']
  name?: string | undefined
  type?: string | undefined
  isStream?: boolean
  tus?: Partial<UploadOptions>
}
