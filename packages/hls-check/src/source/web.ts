import { FetchError, type Source, sliceRange } from './source.ts'

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
