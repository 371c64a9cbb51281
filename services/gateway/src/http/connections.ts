import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { addressKey, normaliseAddress } from './client-address.ts'
import type { HttpMetrics } from './telemetry.ts'

export interface ConnectionLimits {
  /** Maximum open connections of one address: of an IPv4 address, or of an IPv6 /64. */
  perAddress: number
  /** A trusted proxy carries the connections of many clients, so it is exempt. */
  isProxy(address: string): boolean
}

export type ConnectionMetrics = Pick<HttpMetrics, 'connections' | 'connectionsRefused'>

interface Connection {
  socket: Socket
  /** Responses that have not ended. */
  open: number
  /** Bytes received when the last response ended; undefined before that. More bytes are the next request. */
  readAtEnd?: number
}

/** Milliseconds that a client gets to finish what it sends, or to close, after its last answer. */
export const LINGER_MS = 10_000

/**
 * Limits the connections of one address. Above `perAddress`, a new connection replaces the one that has been idle for longest;
 * when all are busy, the new one is closed at once.
 */
export function limitConnections(server: Server, limits: ConnectionLimits, metrics: ConnectionMetrics): void {
  const connections = new WeakMap<Socket, Connection>()
  const byAddress = new Map<string, Set<Connection>>()

  server.on('connection', (socket) => {
    const address = normaliseAddress(socket.remoteAddress ?? '')
    const key = addressKey(address)
    const mine = byAddress.get(key) ?? new Set()
    if (mine.size >= limits.perAddress && !limits.isProxy(address) && !closeIdle(mine)) {
      metrics.connectionsRefused.inc({ limit: 'address' })
      socket.destroy()
      return
    }
    const connection: Connection = { socket, open: 0 }
    connections.set(socket, connection)
    byAddress.set(key, mine.add(connection))
    metrics.connections.inc()
    socket.once('close', () => {
      metrics.connections.dec()
      mine.delete(connection)
      if (mine.size === 0 && byAddress.get(key) === mine) byAddress.delete(key)
    })
  })
  server.on('drop', () => metrics.connectionsRefused.inc({ limit: 'total' }))

  const follow = ({ socket }: IncomingMessage, res: ServerResponse) => {
    const connection = connections.get(socket)
    if (!connection) return
    connection.open += 1
    res.once('close', () => {
      connection.open -= 1
      connection.readAtEnd = socket.bytesRead
    })
  }
  server.on('request', follow)
  server.on('checkContinue', follow)
}

/** Closes the first connection that is between two requests. Returns whether there was one. */
function closeIdle(connections: Set<Connection>): boolean {
  for (const connection of connections) {
    const { socket, open, readAtEnd } = connection
    if (open > 0 || readAtEnd !== socket.bytesRead) continue
    socket.destroy()
    // The event `close` comes later, and the next new connection may not count on the same place.
    connections.delete(connection)
    return true
  }
  return false
}

/**
 * Closes the connection of a request whose body has not arrived 10 s after its response, whatever size was announced: Node
 * would wait for the rest, and keep the connection as long as a byte arrives now and then.
 */
export function closeUnread(req: IncomingMessage, res: ServerResponse): void {
  res.once('finish', () => {
    if (!req.complete) closeInTime(req.socket, (arrived) => req.once('end', arrived))
  })
}

/** Ends the gateway's side of a connection, and 10 s later the client's, which could otherwise stay open and send more. */
export function endConnection(socket: Socket, lastBytes?: string): void {
  closeInTime(socket)
  if (lastBytes === undefined) socket.end()
  else socket.end(lastBytes)
}

/** Destroys the socket after 10 s, unless it has closed or `settles` calls back before. */
function closeInTime(socket: Socket, settles?: (settled: () => void) => void): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  const stop = () => {
    clearTimeout(timer)
    socket.off('close', stop)
  }
  socket.once('close', stop)
  settles?.(stop)
}
