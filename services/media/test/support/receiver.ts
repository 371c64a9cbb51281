import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'

export interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

type Respond = (response: Parameters<RequestListener>[1], received: Received) => unknown

export interface Receiver {
  url: string
  port: number
  /** Whatever has come, in order, answered or not. */
  got: Received[]
  /** Changes how requests to a path are answered; 204 until then. */
  on(path: string, respond: Respond): void
  at(path: string): Received[]
}

/** A server of somebody who has webhooks. */
export async function startReceiver(): Promise<Receiver> {
  const got: Received[] = []
  const responds = new Map<string, Respond>()
  const server = createServer(async (request, response) => {
    const { url: path = '', headers } = request
    const body = (await request.toArray()).map(String).join('')
    const received = { path, headers, body }
    got.push(received)
    const respond = responds.get(path)
    if (respond) await respond(response, received)
    else response.writeHead(204).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    got,
    on: (path, respond) => void responds.set(path, respond),
    at: (path) => got.filter((received) => received.path === path),
  }
}
