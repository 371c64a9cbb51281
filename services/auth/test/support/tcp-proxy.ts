import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpProxy {
  /** `url` with host and port of this proxy. */
  through(url: string): string
  /** Ends all connections and refuses new ones, like a server that was stopped. */
  cut(): Promise<void>
  /** Accepts connections and forwards nothing, like a server that hangs. */
  freeze(): void
  /** Works again; does nothing when it never stopped. */
  heal(): Promise<void>
  close(): Promise<void>
}

/** A proxy between a service and a real server, so that one service of many can lose it. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let frozen = false
  let server = createServer()
  let ownPort = 0

  async function listen(): Promise<void> {
    server = createServer((client) => {
      const upstream = connect(Number(port), hostname)
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(from)
        from.on('data', (chunk) => frozen || to.write(chunk))
        from.on('error', () => {})
        from.on('close', () => {
          sockets.delete(from)
          to.destroy()
        })
      }
    })
    server.listen(ownPort, '127.0.0.1')
    await once(server, 'listening')
    ownPort = (server.address() as AddressInfo).port
  }

  async function cut(): Promise<void> {
    if (!server.listening) return
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  }

  await listen()
  return {
    through(url) {
      const own = new URL(url)
      own.host = `127.0.0.1:${ownPort}`
      return own.href
    },
    cut,
    freeze() {
      frozen = true
    },
    async heal() {
      if (server.listening && !frozen) return
      await cut()
      frozen = false
      await listen()
    },
    close: cut,
  }
}
