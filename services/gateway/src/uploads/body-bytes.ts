import type { IncomingMessage } from 'node:http'

const WINDOW_MS = 30_000

/**
 * The bytes of a request's body, as they come. A client that sends less than `minBytesPerSecond` for half a minute is
 * cut off, because each open upload holds a connection. Leaving early does not destroy the request, so that it can still
 * be answered.
 */
export async function* bodyBytes(req: IncomingMessage, minBytesPerSecond: number): AsyncGenerator<Buffer> {
  let windowBytes = 0
  const watch = setInterval(() => {
    if ((windowBytes * 1000) / WINDOW_MS < minBytesPerSecond) req.destroy()
    windowBytes = 0
  }, WINDOW_MS)
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      windowBytes += (chunk as Buffer).length
      yield chunk as Buffer
    }
  } finally {
    clearInterval(watch)
  }
}
