import type { ByteRange } from '@kinora/formats/hls'

export interface FetchedFile {
  /** Its address after redirects; addresses in it are relative to this (RFC 3986 section 5). */
  url: URL
  bytes: Buffer
  /** As its server declares it, without parameters; null where there is no server. */
  mediaType: string | null
}

/** Where the files of a presentation are. */
export interface Source {
  /** The first playlist to read. */
  readonly start: URL
  /** A whole file, or a range of it. Rejects with `FetchError` when it cannot be fetched. */
  fetch(url: URL, range: ByteRange | null): Promise<FetchedFile>
}

/** A file is missing, or out of reach; the message says which and why. */
export class FetchError extends Error {
  override name = 'FetchError'
}

/** Throws `FetchError` where the file ends before the range does. */
export function sliceRange(bytes: Buffer, { start, end }: ByteRange): Buffer {
  if (end > bytes.length) throw new FetchError(`it ends at byte ${bytes.length}, before byte ${end}`)
  return bytes.subarray(start, end)
}
