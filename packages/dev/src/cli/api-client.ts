import { createReadStream, statSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { basename } from 'node:path'
import { Transform } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

/** The part of a video that the demo reads. */
export type Video = {
  id: string
  status: string
  playable: boolean
  progress: { percent: number; stage: string | null }
  renditions: { name: string }[]
  error: { code: string; detail: string } | null
}

export type ApiClient = {
  register(email: string, password: string): Promise<void>
  login(email: string, password: string): Promise<void>
  createVideo(title: string): Promise<Video>
  uploadSource(videoId: string, file: string, onProgress: (sent: number, total: number) => void): Promise<void>
  getVideo(videoId: string): Promise<Video>
  createPlaybackToken(videoId: string, expiresIn: number): Promise<{ hlsUrl: string }>
}

const ANSWER_MS = 30_000

/** A plain HTTP client, as a user of the API would write it; it shares no code with the services. Throws on error answers. */
export function createApiClient(baseUrl: string): ApiClient {
  let accessToken = ''

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(new URL(path, baseUrl), {
      method,
      headers: { 'content-type': 'application/json', ...authorization(accessToken) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    const content = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${content}`)
    return JSON.parse(content) as T
  }

  return {
    register: (email, password) => call('POST', '/v1/auth/register', { email, password, displayName: 'Demo' }),
    async login(email, password) {
      const tokens = await call<{ accessToken: string }>('POST', '/v1/auth/login', { email, password })
      accessToken = tokens.accessToken
    },
    createVideo: (title) => call('POST', '/v1/videos', { title }),
    uploadSource: (videoId, file, onProgress) =>
      putFile(new URL(`/v1/videos/${videoId}/source`, baseUrl), file, authorization(accessToken), onProgress),
    getVideo: (videoId) => call('GET', `/v1/videos/${videoId}`),
    createPlaybackToken: (videoId, expiresIn) => call('POST', `/v1/videos/${videoId}/playback-tokens`, { expiresIn }),
  }
}

function authorization(accessToken: string): Record<string, string> {
  return accessToken ? { authorization: `Bearer ${accessToken}` } : {}
}

/** Uses node:http, because fetch does not report upload progress. `sent` and `total` are bytes. */
async function putFile(
  url: URL,
  file: string,
  headers: Record<string, string>,
  onProgress: (sent: number, total: number) => void,
): Promise<void> {
  const total = statSync(file).size
  let sent = 0
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length
      onProgress(sent, total)
      done(null, chunk)
    },
  })
  const put = request(url, {
    method: 'PUT',
    headers: {
      ...headers,
      'content-type': 'video/mp4',
      'content-length': total,
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(basename(file))}`,
    },
  })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    put.once('response', resolve).once('error', reject)
  })
  // The server may refuse and close the connection before everything is sent: the answer has the reason, not the broken pipe.
  const sending = pipeline(createReadStream(file), counter, put)
  sending.catch(() => {})
  const answer = await answered
  const content = await text(answer)
  if (answer.statusCode !== 202) throw new Error(`The upload was answered ${answer.statusCode}: ${content}`)
  await sending
}
