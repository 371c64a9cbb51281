import { request } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { assertDocumented } from '@kinora/dev/harness'
import type { Video } from './api-types.ts'
import type { Client } from './client.ts'

export type RawUpload = {
  headers?: Record<string, string | number>
  /**
   * The body, piece by piece; what it throws breaks the connection off. With `expect: 100-continue` among the headers,
   * `invited` resolves when the server is about to read it.
   */
  chunks: (invited: Promise<unknown>) => AsyncIterable<Buffer> | Iterable<Buffer>
}

/** `body` is a video or a problem. */
export type RawAnswer = { status: number; body: { id?: string; code?: string; source?: Video['source'] } }

/**
 * A PUT of a source that need not keep to the rules of HTTP, as `fetch` would. Null when the connection ended without an
 * answer.
 */
export async function rawUpload(client: Client, videoId: string, upload: RawUpload): Promise<RawAnswer | null> {
  const req = request(new URL(`/v1/videos/${videoId}/source`, client.baseUrl), {
    method: 'PUT',
    headers: { ...client.headers, 'content-type': 'video/mp4', ...upload.headers },
    agent: false,
  })
  let contentType: string | null = null
  const answer = new Promise<RawAnswer | null>((resolve) => {
    req.once('error', () => resolve(null))
    req.once('response', async (res) => {
      const parts: Buffer[] = []
      for await (const part of res) parts.push(part as Buffer)
      const [status, body] = [res.statusCode ?? 0, JSON.parse(Buffer.concat(parts).toString())]
      contentType = res.headers['content-type'] ?? null
      resolve({ status, body })
    })
  })
  const invited = new Promise((resolve) => req.once('continue', () => resolve(undefined)))
  await pipeline(Readable.from(upload.chunks(invited)), req).catch(() => {})
  const got = await answer
  if (got) assertDocumented({ method: 'PUT', path: req.path, contentType, ...got })
  return got
}

/** Sends exactly these bytes over TCP, then ends our side; resolves with all that comes back. */
export async function rawConversation(baseUrl: string, text: string): Promise<string> {
  const { hostname, port } = new URL(baseUrl)
  const socket = connect(Number(port), hostname)
  socket.setTimeout(20_000, () => socket.destroy(new Error('The server neither answered nor closed')))
  socket.end(text)
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
