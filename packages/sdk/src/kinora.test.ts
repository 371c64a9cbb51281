import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { Kinora } from './kinora.ts'

/** What a server answers, request by request; the last answer stays. */
type Answer = (req: IncomingMessage, res: ServerResponse) => void
let answers: Answer[] = []
let asked: string[] = []
const server = createServer((req, res) => {
  asked.push(`${req.method} ${req.url}`)
  const answer = answers.length > 1 ? answers.shift() : answers[0]
  answer?.(req, res)
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
afterAll(() => {
  server.close()
  server.closeAllConnections()
})
beforeEach(() => {
  answers = []
  asked = []
})

function answer(status: number, body: object | string, headers: Record<string, string> = {}): Answer {
  return (req, res) => {
    req.resume()
    res.writeHead(status, { 'content-type': 'application/json', ...headers })
    res.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

const VIDEO = { id: 'v', status: 'ready', playable: true, progress: { percent: 100 }, error: null }
const busy = (seconds: number) =>
  answer(
    503,
    { code: 'QUEUE_FULL', detail: 'The service is overloaded', requestId: 'r1' },
    { 'retry-after': `${seconds}` },
  )
const kinora = new Kinora({ url })

it('sends an idempotent request again after 503 and 429, when Retry-After says so', async () => {
  answers = [busy(0), answer(429, {}, { 'retry-after': new Date(0).toUTCString() }), answer(200, VIDEO)]
  expect(await kinora.videos.get('v')).toEqual(VIDEO)
  expect(asked).toEqual(Array(3).fill('GET /v1/videos/v'))
})

it('does not send a POST again, nor wait for longer than a minute', async () => {
  answers = [busy(2)]
  const refused = { code: 'QUEUE_FULL', status: 503, requestId: 'r1', retryAfter: 2, retryable: true }
  await expect(kinora.videos.create({ title: 'Once' })).rejects.toMatchObject(refused)
  answers = [busy(3600)]
  await expect(kinora.videos.get('v')).rejects.toMatchObject({ retryAfter: 3600 })
  expect(asked).toEqual(['POST /v1/videos', 'GET /v1/videos/v'])
})

it('understands what a proxy answers, and a server that does not answer', async () => {
  answers = [answer(502, '<html>Bad gateway</html>')]
  const { videos } = new Kinora({ url, timeoutMs: 200, maxRetries: 0 })
  await expect(videos.get('v')).rejects.toMatchObject({ code: 'UNEXPECTED_ANSWER', status: 502, retryable: true })
  answers = [() => {}]
  await expect(videos.get('v')).rejects.toMatchObject({ code: 'REQUEST_TIMED_OUT', status: 0 })
  await expect(videos.get('v', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' })
})

it('asks for the state of a video where no stream of events comes through', async () => {
  const cut: Answer = (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write('event: status\nid: 1\ndata: {"status": "processing", "playable": false, "progress": {"perc', () =>
      res.destroy(),
    )
  }
  answers = [cut, answer(200, VIDEO)]
  expect(await kinora.videos.waitUntil('v', 'ready', { timeoutMs: 20_000 })).toEqual(VIDEO)
  expect(asked).toEqual(['GET /v1/videos/v/events', 'GET /v1/videos/v', 'GET /v1/videos/v'])
  answers = [answer(404, { code: 'VIDEO_NOT_FOUND', detail: 'There is no such video', requestId: 'r2' })]
  await expect(kinora.videos.waitUntil('v', 'ready')).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
})

it('continues an upload after a lost connection, and takes no 503 for its end', async () => {
  const tus = (headers: Record<string, string>) => ({ 'tus-resumable': '1.0.0', 'x-video-id': 'v', ...headers })
  answers = [
    answer(201, '', tus({ location: `${url}/v1/uploads/u` })),
    (req) => void req.once('data', () => req.destroy()),
    busy(0),
    answer(200, '', tus({ 'upload-offset': '4', 'upload-length': '10' })),
    answer(204, '', tus({ 'upload-offset': '10' })),
    answer(200, VIDEO),
  ]
  const states: string[] = []
  const onState = (state: string) => void states.push(state)
  expect(await kinora.videos.upload(new Uint8Array(10), { onState })).toEqual(VIDEO)
  const [create, patch, ...rest] = asked
  expect([create, patch]).toEqual(['POST /v1/uploads', 'PATCH /v1/uploads/u'])
  expect(rest).toEqual(['HEAD /v1/uploads/u', 'HEAD /v1/uploads/u', 'PATCH /v1/uploads/u', 'GET /v1/videos/v'])
  expect(states).toEqual(['uploading', 'waiting', 'uploading', 'waiting', 'uploading'])
})
