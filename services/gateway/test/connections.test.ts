import { connect, type Socket } from 'node:net'
import { until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { rawHttp } from './support/raw-http.ts'
import type { TestGateway } from './support/start-test-gateway.ts'
import { useGateway } from './support/use-gateway.ts'

const { gateway, another, world, signedIn } = await useGateway()

/** A connection that sends `bytes` and then holds its side open, whatever the server does. */
function hold(port: number, bytes: string): { socket: Socket; received(): string } {
  let received = ''
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  world.use(socket, 'client', (it) => void it.destroy())
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  socket.write(bytes)
  return { socket, received: () => received }
}

async function seriesOf(of: TestGateway, series: string): Promise<number> {
  const line = (await of.metrics())
    .split('\n')
    .find((text) => text.startsWith(`${series} `) || text.startsWith(`${series}{`))
  return Number(line?.split(' ').at(-1) ?? 0)
}

const GET = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'
const post = (path: string, ...lines: string[]) =>
  `POST ${path} HTTP/1.1\r\n${['Host: x', ...lines].join('\r\n')}\r\n\r\n`
const withToken = `Authorization: ${signedIn().authorization}`

describe('a client that holds its connection open', () => {
  it.concurrent.each([
    ['announces a small body', post('/v1/videos', 'Content-Length: 10'), 401],
    ['announces a large body', post('/v1/videos', 'Content-Length: 9000000'), 401],
    ['announces a body in chunks', post('/v1/videos', 'Transfer-Encoding: chunked'), 401],
    ['waits for 100 Continue', post('/v1/videos', 'Content-Length: 10', 'Expect: 100-continue'), 401],
    ['announces a body of a wrong type', post('/v1/videos', withToken, 'Content-Type: a/b', 'Content-Length: 9'), 415],
    ['gives a GET a body', 'GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n', 200],
    ['gives a HEAD a body', 'HEAD /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n', 200],
    ['gives a redirect a body', 'GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', 308],
    ['gives a preflight a body', 'OPTIONS /v1/videos HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n', null],
    ['has no route', post('/nowhere', 'Content-Length: 10'), 404],
    ['sends no HTTP', 'HELLO\r\n\r\n', 400],
    ['sends no HTTP after a request', `${GET}HELLO\r\n\r\n`, 200],
    ['sends nothing', '', 408],
    ['sends half a head', 'GET /livez HTTP/1.1\r\nHost: x\r\n', 408],
  ])(
    'and %s is answered, and then disconnected',
    async (_what, bytes, status) => {
      const { socket, received } = hold(gateway.port, bytes)
      if (status !== null) await until(() => received().startsWith(`HTTP/1.1 ${status} `), { timeoutMs: 20_000 })
      // One byte a second counts as activity for a timeout of silence.
      const drip = setInterval(() => socket.write('1'), 1000)
      await until(() => socket.destroyed, { timeoutMs: 20_000 }).finally(() => clearInterval(drip))
    },
    40_000,
  )

  it('keeps it if the body arrives', async () => {
    const { socket, received } = hold(gateway.port, post('/v1/videos', 'Content-Length: 2'))
    await until(() => received().includes('HTTP/1.1 401'))
    socket.write(`{}${GET}`)
    await until(() => received().includes('HTTP/1.1 200'))
  })
})

describe('one address', () => {
  it('may have CONNECTIONS_PER_ADDRESS connections, and more are closed at once', async () => {
    const small = await another({ CONNECTIONS_PER_ADDRESS: '3' })
    const busy = Array.from({ length: 3 }, () => hold(small.port, 'GET /livez HTTP/1.1\r\n'))
    await until(async () => (await seriesOf(small, 'kinora_http_connections')) === 3)
    expect(await rawHttp(small.port, [GET])).toMatchObject({ received: '' })
    expect(await seriesOf(small, 'kinora_http_connections_refused_total')).toBe(1)
    // One that closes makes room.
    busy[0]?.socket.destroy()
    await until(async () => (await seriesOf(small, 'kinora_http_connections')) === 2)
    const { received } = await rawHttp(small.port, [GET], (text) => text.includes('\r\n\r\n'))
    expect(received).toContain('HTTP/1.1 200')
  })

  it('gives up the connection that is idle for a new one', async () => {
    const small = await another({ CONNECTIONS_PER_ADDRESS: '2' })
    const idle = hold(small.port, GET)
    await until(() => idle.received().includes('HTTP/1.1 200'))
    const busy = hold(small.port, 'GET /livez HTTP/1.1\r\n')
    await until(async () => (await seriesOf(small, 'kinora_http_connections')) === 2)
    const { received } = await rawHttp(small.port, [GET], (text) => text.includes('\r\n\r\n'))
    expect(received).toContain('HTTP/1.1 200')
    await until(() => idle.socket.readableEnded || idle.socket.destroyed)
    expect(busy.socket.destroyed).toBe(false)
    expect(await seriesOf(small, 'kinora_http_connections_refused_total')).toBe(0)
  })

  it('that is a trusted proxy is not counted', async () => {
    const small = await another({ CONNECTIONS_PER_ADDRESS: '2', TRUSTED_PROXIES: 'loopback' })
    for (let at = 0; at < 8; at++) hold(small.port, 'GET /livez HTTP/1.1\r\n')
    await until(async () => (await seriesOf(small, 'kinora_http_connections')) === 8)
    expect(await seriesOf(small, 'kinora_http_connections_refused_total')).toBe(0)
  })
})
