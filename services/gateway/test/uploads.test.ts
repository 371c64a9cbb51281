import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { AppError } from '@kinora/common/errors'
import { keys, openStore } from '@kinora/common/storage'
import { until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { rawHttp } from './support/raw-http.ts'
import { MAX_BYTES } from './support/stub-media.ts'
import { useGateway } from './support/use-gateway.ts'

const { world, gateway, media, request, signedIn } = await useGateway()
const store = await openStore(world.storageUrl)
const bytes = randomBytes(1_000_000)
const sha256 = createHash('sha256').update(bytes).digest('hex')

function upload(videoId: string, body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: 'PUT', body, headers: { ...signedIn(), 'content-type': 'video/mp4', ...headers } }
  return request(`/v1/videos/${videoId}/source`, { ...init, duplex: 'half' } as RequestInit)
}

function head(videoId: string, lines: string[]): string {
  const { authorization = '' } = signedIn()
  const all = [`PUT /v1/videos/${videoId}/source HTTP/1.1`, 'Host: x', `Authorization: ${authorization}`, ...lines]
  return `${all.join('\r\n')}\r\n\r\n`
}

async function storedSources(videoId: string): Promise<string[]> {
  const found: string[] = []
  for await (const key of store.list(keys.sourceFolder(videoId))) found.push(key)
  return found
}

const incoming = () => readdirSync(join(world.storageDir, 'incoming'))

describe('an upload', () => {
  it('is stored, hashed and registered', async () => {
    const { id } = media.addVideo()
    const answer = await upload(id, bytes, { 'content-disposition': 'attachment; filename="clip.mp4"' })
    expect(answer.status).toBe(202)
    const source = { filename: 'clip.mp4', bytes: bytes.length, sha256 }
    expect(await answer.json()).toMatchObject({ id, status: 'uploaded', source })
    const [key = ''] = await storedSources(id)
    expect((await store.get(key)).equals(bytes)).toBe(true)
  })

  it('needs no length', async () => {
    const { id } = media.addVideo()
    const answer = await upload(id, new Blob([bytes]).stream())
    expect(await answer.json()).toMatchObject({ source: { bytes: bytes.length, sha256 } })
  })

  it('stores a hostile file name as harmless text', async () => {
    const { id } = media.addVideo()
    const header = `attachment; filename*=UTF-8''..%2F..%2Fetc%2F%00pass%E2%80%AEwd%0d%0a.mp4`
    const answer = await upload(id, bytes, { 'content-disposition': header })
    expect(await answer.json()).toMatchObject({ source: { filename: 'passwd.mp4' } })
    expect(await storedSources(id)).toEqual([expect.stringMatching(/^sources\/[0-9a-f-]{36}\/[0-9a-f-]{36}$/)])
  })

  it('gets 100 Continue only if it will be accepted', async () => {
    const { id } = media.addVideo()
    const lines = ['Content-Type: video/mp4', 'Content-Length: 5', 'Expect: 100-continue']
    const socket = connect(gateway.port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.write(head(id, lines))
    await until(() => received.includes('HTTP/1.1 100 Continue'))
    socket.write('bytes')
    await until(() => received.includes('HTTP/1.1 202'))
    socket.destroy()
    const refused = await rawHttp(gateway.port, [head(randomUUID(), lines)], (text) => text.includes('requestId'))
    expect(refused.received).toMatch(/^HTTP\/1\.1 404/)
    expect(refused.received).not.toContain('100 Continue')
  })
})

describe('a refused upload', () => {
  it.each([
    ['nobody', { authorization: '' }, 401, 'TOKEN_INVALID'],
    ['a picture', { 'content-type': 'image/png' }, 415, 'SOURCE_TYPE_UNSUPPORTED'],
    ['an encoded file', { 'content-encoding': 'gzip' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a part of a file', { 'content-range': 'bytes 0-9/100' }, 400, 'BAD_REQUEST'],
  ])('from or of %s leaves nothing behind', async (_what, headers, status, code) => {
    const { id } = media.addVideo()
    const answer = await upload(id, bytes, headers)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ code })
    expect(await storedSources(id)).toEqual([])
  })

  it('for an unknown video, or one with a source, has its own code', async () => {
    expect((await upload(randomUUID(), bytes)).status).toBe(404)
    const { id } = media.addVideo()
    await upload(id, bytes)
    expect(await (await upload(id, bytes)).json()).toMatchObject({ code: 'SOURCE_ALREADY_UPLOADED' })
    expect(await storedSources(id)).toHaveLength(1)
  })

  it('that is too large is answered before it is sent, and the response arrives', async () => {
    const { id } = media.addVideo()
    const size = MAX_BYTES * 4
    const start = head(id, ['Content-Type: video/mp4', `Content-Length: ${size}`])
    const { received, reset } = await rawHttp(gateway.port, [start, Buffer.alloc(size)])
    expect(received).toMatch(/^HTTP\/1\.1 413/)
    expect(received).toContain('UPLOAD_TOO_LARGE')
    expect(reset).toBe(false)
  })

  it('that turns out too large is stopped, and the response arrives', async () => {
    const { id } = media.addVideo()
    const start = head(id, ['Content-Type: video/mp4', 'Transfer-Encoding: chunked'])
    const piece = Buffer.alloc(1_000_000)
    const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
    const { received, reset } = await rawHttp(gateway.port, [start, ...Array(8).fill(chunk), '0\r\n\r\n'])
    expect(received).toContain('HTTP/1.1 413')
    expect(reset).toBe(false)
    expect(await storedSources(id)).toEqual([])
    expect(incoming()).toEqual([])
  })

  it.each([
    ['an announced', ['Content-Length: 0']],
    ['an unannounced', ['Transfer-Encoding: chunked']],
  ])('with %s body of no bytes says so', async (_what, lines) => {
    const { id } = media.addVideo()
    const body = lines[0]?.startsWith('T') ? '0\r\n\r\n' : ''
    const start = head(id, ['Content-Type: video/mp4', ...lines])
    const { received } = await rawHttp(gateway.port, [start, body], (text) => text.includes('requestId'))
    expect(received).toContain('UPLOAD_EMPTY')
    expect(await storedSources(id)).toEqual([])
  })
})

describe('an upload with a wrong length', () => {
  it('that is shorter than announced is dropped', async () => {
    const { id } = media.addVideo()
    const socket = connect(gateway.port, '127.0.0.1')
    socket.write(head(id, ['Content-Type: video/mp4', 'Content-Length: 1000']))
    socket.write(Buffer.alloc(500))
    await until(() => incoming().length === 1)
    socket.destroy()
    await until(() => incoming().length === 0)
    expect(await storedSources(id)).toEqual([])
    expect(media.videos.get(id)?.source).toBeNull()
  })

  it('that is longer than announced is cut there; the rest is a bad request', async () => {
    const { id } = media.addVideo()
    const start = head(id, ['Content-Type: video/mp4', 'Content-Length: 10'])
    const { received } = await rawHttp(gateway.port, [start, '0123456789surplus surplus\r\n\r\n'])
    expect(received).toContain('HTTP/1.1 202')
    expect(media.videos.get(id)?.source?.bytes).toBe(10)
  })
})

describe('an upload that cannot be registered with media', () => {
  it('is stored with a receipt, and answered as accepted', async () => {
    const video = media.addVideo()
    const { completeUpload } = media.on
    media.on.completeUpload = async () => {
      throw new AppError('DEPENDENCY_UNAVAILABLE')
    }
    const userId = randomUUID()
    const answer = await upload(video.id, bytes, { ...signedIn(userId), 'content-disposition': 'x; filename=a.mp4' })
    media.on.completeUpload = completeUpload
    expect(answer.status).toBe(202)
    const source = { filename: 'a.mp4', bytes: bytes.length, sha256 }
    expect(await answer.json()).toMatchObject({ id: video.id, status: 'uploaded', source })
    const [storageKey = ''] = await storedSources(video.id)
    const uploadId = storageKey.split('/').at(-1) ?? ''
    const receipt = JSON.parse((await store.get(keys.receipt(uploadId))).toString())
    expect(receipt).toEqual({ videoId: video.id, uploadId, storageKey, ...source, userId, projectId: video.projectId })
  })

  it('is removed again if media refuses it', async () => {
    const { id } = media.addVideo()
    const { completeUpload } = media.on
    media.on.completeUpload = async () => {
      throw new AppError('VIDEO_NOT_FOUND')
    }
    const answer = await upload(id, bytes)
    media.on.completeUpload = completeUpload
    expect(answer.status).toBe(404)
    expect(await storedSources(id)).toEqual([])
  })
})
