import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
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

/** A presentation in a folder. `path` is the folder of `master.m3u8`, or a playlist. Files outside the folder are not read. */
export async function folderSource(path: string): Promise<Source> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new FetchError(`${path}: ${error.code}`)
  })
  const playlist = resolve(found.isDirectory() ? join(path, 'master.m3u8') : path)
  const folder = dirname(playlist)
  return {
    start: pathToFileURL(playlist),
    async fetch(url, range) {
      const file = url.protocol === 'file:' ? fileURLToPath(url) : null
      if (!file?.startsWith(folder + sep)) throw new FetchError('it is not in the folder')
      const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw new FetchError(error.code === 'ENOENT' ? 'there is no such file' : String(error.code))
      })
      return { url, bytes: range ? sliceRange(bytes, range) : bytes, mediaType: null }
    },
  }
}

const REQUEST_MS = 30_000
/** More than any segment. Larger answers are refused, so that they do not fill memory. */
const MAX_BYTES = 512 * 1024 * 1024

/** A presentation at an http(s) address, fetched as a player does. */
export function webSource(start: URL): Source {
  return {
    start,
    async fetch(url, range) {
      if (!/^https?:$/.test(url.protocol)) throw new FetchError(`${url.protocol} is not fetched`)
      const headers: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end - 1}` } : {}
      try {
        const response = await fetch(url, { headers, signal: AbortSignal.timeout(REQUEST_MS) })
        if (!response.ok) throw new FetchError(`its server answers ${response.status}`)
        const body = await bodyOf(response)
        const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? null
        // A server may ignore the range and send everything.
        const wanted = range && (response.status === 206 ? { start: 0, end: range.end - range.start } : range)
        return { url: new URL(response.url), bytes: wanted ? sliceRange(body, wanted) : body, mediaType: type }
      } catch (error) {
        throw error instanceof FetchError ? error : new FetchError(reasonOf(error as Error))
      }
    },
  }
}

async function bodyOf({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > MAX_BYTES) throw new FetchError(`it has more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The message of `fetch` says only that it failed; the reason is in its cause. */
function reasonOf({ name, message, cause }: Error): string {
  if (name === 'TimeoutError') return `no answer within ${REQUEST_MS / 1000} s`
  return cause instanceof Error ? cause.message : message
}
