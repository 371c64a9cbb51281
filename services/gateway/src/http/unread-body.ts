import type { IncomingMessage, ServerResponse } from 'node:http'

/** Bodies up to this size are read and dropped without ceremony; the connection stays usable. */
const SMALL_BYTES = 64 * 1024
/** How long a client that is still sending may go on before the connection is closed on it. */
const LINGER_MS = 10_000

/**
 * With `Expect: 100-continue` the body starts only after this (RFC 9110 section 10.1.1). Called right before reading, so
 * that a refusal comes before the bytes.
 */
export function sendContinue(req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue()
}

/** Is a body announced that has not arrived yet, too large to wait for? */
function isStillSending(req: IncomingMessage): boolean {
  if (req.complete) return false
  if (req.headers['transfer-encoding'] !== undefined) return true
  const announced = Number(req.headers['content-length'] ?? 0)
  return announced > SMALL_BYTES || (announced > 0 && req.headers.expect !== undefined)
}

/**
 * Ends an answer that was made before the request's body was read. Closing at once would make the kernel reset the
 * connection, and the client would lose the answer (RFC 9112 section 9.6): the whole answer is sent first, with
 * `Connection: close`, then the rest of the body is read and dropped for a bounded time, then the connection closes.
 */
export function endBeforeBody(req: IncomingMessage, res: ServerResponse, body: string): void {
  if (!isStillSending(req)) {
    res.end(body)
    return
  }
  res.setHeader('Connection', 'close')
  // Not `end`: Node closes the connection as soon as an answer with this header has ended.
  res.write(body)
  const finish = () => {
    clearTimeout(timer)
    res.end()
  }
  const timer = setTimeout(finish, LINGER_MS)
  req.once('end', finish).once('close', finish).once('error', finish)
  req.resume()
}
