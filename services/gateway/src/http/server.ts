import { randomUUID } from 'node:crypto'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import type { Express } from 'express'
import {
  type ConnectionLimits,
  type ConnectionMetrics,
  closeUnread,
  endConnection,
  limitConnections,
} from './connections.ts'
import { problemBody } from './problem.ts'

export interface ServerOptions {
  host: string
  port: number
  /** Address of the installation, for the types of problems. */
  publicUrl: string
  maxConnections: number
  connections: ConnectionLimits
  metrics: ConnectionMetrics
}

/** Clients normally send all headers at once. */
const HEADERS_TIMEOUT_MS = 10_000
/** Longer than the idle timeout of common load balancers (60 s), so that they close a connection first. */
const KEEP_ALIVE_MS = 65_000
/**
 * A connection over which not one byte moves is closed: its client does not read its response. An event stream has a
 * heartbeat, and a request body must arrive faster than that.
 */
const STALLED_MS = 120_000

/**
 * Starts an HTTP server for `app`. Rejects if the port is not available. A request as a whole has no time limit, because an
 * upload may take hours: while a body is read, its reader enforces a minimum rate (see `read-body.ts`), and a body that is not
 * read ends with its connection.
 */
export async function listen(app: Express, options: ServerOptions): Promise<Server> {
  const { host, port, publicUrl, maxConnections, connections, metrics } = options
  const server = createServer({
    noDelay: true,
    keepAlive: true,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 2000,
    maxHeaderSize: 16 * 1024,
    requireHostHeader: true,
  })
  server.maxConnections = maxConnections
  server.timeout = STALLED_MS
  const current = new WeakMap<Duplex, Exchange>()
  limitConnections(server, connections, metrics)
  const handle: RequestListener = (req, res) => {
    current.set(req.socket, { req, res })
    closeUnread(req, res)
    app(req, res)
  }
  server.on('request', handle)
  // `Expect: 100-continue` is answered by the reader of the body: see `read-body.ts`.
  server.on('checkContinue', handle)
  server.on('clientError', (error, socket) => answerBadClient(error, socket as Socket, current.get(socket), publicUrl))
  server.on('timeout', (socket) => closeStalled(socket, current.get(socket)))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return server
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** Accepts no new connections and waits for open requests; after `graceMs` closes their connections. */
export async function drain(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  // A connection becomes idle when its response has ended, and would stay open.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const cut = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearInterval(sweep)
  clearTimeout(cut)
}

const PARSER_CODES: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
}

interface Exchange {
  req: IncomingMessage
  res: ServerResponse
}

/** Not while the gateway works on the answer, which may take minutes without a byte, such as completing an upload in a bucket. */
function closeStalled(socket: Socket, last: Exchange | undefined): void {
  const isWorking = last?.req.complete === true && !last.res.writableEnded && socket.writableLength === 0
  if (!isWorking) socket.destroy()
}

/** Answers a request that Node's parser refused, so Express never sees it. `last` is the last request that it accepted. */
function answerBadClient(
  error: NodeJS.ErrnoException,
  socket: Socket,
  last: Exchange | undefined,
  publicUrl: string,
): void {
  const inFlight = last !== undefined && !last.res.writableFinished && !last.res.destroyed
  if (inFlight && last.req.complete) {
    // The malformed bytes follow a valid request: its response is sent in full, then the connection closes.
    last.res.once('finish', () => endConnection(socket))
    return
  }
  if (error.code === 'ECONNRESET' || !socket.writable || (inFlight && last.res.headersSent)) {
    socket.destroy()
    return
  }
  const problem = new AppError(PARSER_CODES[error.code ?? ''] ?? 'BAD_REQUEST')
  const body = JSON.stringify(problemBody(problem, randomUUID(), publicUrl))
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  endConnection(socket, `${lines.join('\r\n')}\r\n\r\n${body}`)
}
