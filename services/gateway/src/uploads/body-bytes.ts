import type { IncomingMessage } from 'node:http'

const WINDOW_MS = 30_000
/** Less than this is no upload but a connection held open. */
export const MIN_BYTES_PER_SECOND = 1024

/**
 * The bytes of a request's body, as they come. A client that sends less than `minBytesPerSecond` for half a minute is
 * cut off, because each open upload holds a connection. Leaving early does not destroy the request, so that it can still
 * be answered.
 */
export function bodyBytes(req: IncomingMessage, minBytesPerSecond: number): AsyncIterable<Buffer> {
  const { socket } = req
  let before = socket.bytesRead
  // Looks at the socket's own counter, so that nothing is done for each chunk.
  const watch = setInterval(() => {
    if (((socket.bytesRead - before) * 1000) / WINDOW_MS < minBytesPerSecond) req.destroy()
    before = socket.bytesRead
  }, WINDOW_MS)
  const stop = () => clearInterval(watch)
  req.once('end', stop).once('close', stop)
  return req.iterator({ destroyOnReturn: false })
}
