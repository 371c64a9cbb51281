import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { until, useSystem, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { Problem } from './support/api-types.ts'
import { type Client, createClient } from './support/client.ts'
import { GENEROUS } from './support/settings.ts'
import { addressAt, sendByTus } from './support/tus.ts'
import { createVideo, getVideo } from './support/videos.ts'

const world = await useTestEnvironment()
const page = 'https://player.example'
const system = await useSystem({
  installation: world,
  workers: 0,
  env: { ...GENEROUS, CORS_ORIGINS: page, QUOTA_BYTES: String(50 * 1024 * 1024) },
})
const second = await system.addGateway()
const anonymous = createClient(system.gatewayUrl)
const { client: owner } = await register(anonymous)
const gateways = [owner, owner.at(second.url)] as const

const TUS = { 'tus-resumable': '1.0.0' }
const file = randomBytes(6_000_000)
const sha256 = createHash('sha256').update(file).digest('hex')

/** Uploads with the real client from where it stands, until it is done or has sent so many bytes more and loses its connection. */
async function send(
  client: Client,
  { url, videoId, stopAfter }: { url?: string; videoId?: string; stopAfter?: number },
) {
  let chunks = 0
  const sent = await sendByTus(client, file, url, (cut) => ({
    metadata: { ...(videoId && { videoId }), filename: 'sea.mp4', filetype: 'video/mp4' },
    chunkSize: 1_000_000,
    onChunkComplete: () => {
      if (++chunks === stopAfter) cut()
    },
  }))
  return sent.url
}

/** One request of tus, of which the body stays open until `hold` resolves. Null when the connection ended without an answer. */
async function patch(client: Client, url: string, offset: number, bytes: Buffer, hold: () => Promise<unknown>) {
  const headers = { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': offset }
  const req = request(addressAt(client, url), {
    method: 'PATCH',
    headers: { ...client.headers, ...headers, 'content-length': file.length - offset },
    agent: false,
  })
  const answer = new Promise<number | null>((resolve) => {
    req.once('error', () => resolve(null))
    req.once('response', (res) => resolve(res.resume().statusCode ?? 0))
  })
  async function* body() {
    yield bytes
    await hold()
    throw new Error('the connection is lost')
  }
  await pipeline(Readable.from(body()), req).catch(() => {})
  return await answer
}

/** A promise and how to resolve it. */
function deferred() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}

async function offsetOf(client: Client, url: string): Promise<number> {
  const { headers } = await client.send('HEAD', new URL(url).pathname, { headers: TUS })
  return Number(headers.get('upload-offset'))
}

async function begin(client: Client, length = file.length): Promise<string> {
  const answer = await client.send('POST', '/v1/uploads', { headers: { ...TUS, 'upload-length': String(length) } })
  expect(answer.status).toBe(201)
  return new URL(answer.headers.get('location') ?? '', client.baseUrl).href
}

/** How many bytes of requests of this upload are in the store, counted or not. */
async function arrivedOf(url: string): Promise<number> {
  const uploadId = url.split('/').at(-1) ?? ''
  const pieces = [...(await world.storedSizes())].filter(
    ([path]) => path.includes('pieces/') && path.includes(uploadId),
  )
  return pieces.reduce((sum, [, bytes]) => sum + bytes, 0)
}

const untilArrived = (url: string, bytes: number) =>
  until(async () => (await arrivedOf(url)) >= bytes, { timeoutMs: 60_000 })

test('an upload that is interrupted again and again is finished through another gateway, byte for byte', async () => {
  const { id } = await createVideo(owner)
  const url = await send(gateways[0], { videoId: id, stopAfter: 1 })
  await send(gateways[1], { url, stopAfter: 1 })
  expect(await offsetOf(gateways[0], url)).toBe(2_000_000)
  // In the middle of a request; nobody has noticed yet that the connection is lost when the client is back.
  const lost = deferred()
  const dead = patch(gateways[0], url, 2_000_000, file.subarray(2_000_000, 2_300_000), () => lost.promise)
  await untilArrived(url, 2_300_000)
  expect(await offsetOf(gateways[1], url)).toBe(2_300_000)
  await send(gateways[1], { url, stopAfter: 1 })
  lost.resolve()
  await dead
  await send(gateways[0], { url })
  const { status, source } = await getVideo(owner, id)
  expect(status).toBe('uploaded')
  expect(source).toMatchObject({ bytes: file.length, sha256, filename: 'sea.mp4' })
  // A client that did not hear that it is done.
  expect(await offsetOf(gateways[1], url)).toBe(file.length)
})

test('what a gateway had received when it was killed is kept', async () => {
  const { id } = await createVideo(owner)
  const url = await send(gateways[1], { videoId: id, stopAfter: 1 })
  const doomed = await system.addGateway()
  const cut = patch(owner.at(doomed.url), url, 1_000_000, file.subarray(1_000_000, 1_400_000), async () => {
    await untilArrived(url, 1_400_000)
    await system.kill(doomed.name)
  })
  expect(await cut).toBeNull()
  expect(await offsetOf(owner, url)).toBe(1_400_000)
  await send(owner, { url })
  expect((await getVideo(owner, id)).source).toMatchObject({ sha256 })
})

test('tus-js-client speaks the IETF protocol, too, and goes on in the middle of a request of tus', async () => {
  const { id } = await createVideo(owner)
  const byIetf = async (client: Client, url?: string, stopAfter?: number) => {
    let chunks = 0
    return await sendByTus(client, file, url, (cut) => ({
      protocol: 'ietf-draft-05',
      metadata: { videoId: id, filename: 'sea.mp4', filetype: 'video/mp4' },
      chunkSize: 1_000_000,
      onChunkComplete: () => {
        if (++chunks === stopAfter) cut()
      },
    }))
  }
  const { key } = await owner.call<{ key: string }>('POST', '/v1/api-keys', { name: 'w', scopes: ['videos:write'] })
  const { url } = await byIetf(anonymous.as(key), undefined, 2)
  const lost = deferred()
  const dead = patch(gateways[0], url, 2_000_000, file.subarray(2_000_000, 2_400_000), () => lost.promise)
  await untilArrived(url, 2_400_000)
  expect((await byIetf(gateways[1], url)).ended).toBe('done')
  lost.resolve()
  await dead
  expect((await getVideo(owner, id)).source).toMatchObject({ bytes: file.length, sha256, filename: 'sea.mp4' })
})

test('of two requests at the same upload the later one wins, and the upload is whole', async () => {
  const url = await begin(owner)
  const lost = deferred()
  const older = patch(gateways[0], url, 0, file.subarray(0, 3_000_000), () => lost.promise)
  await untilArrived(url, 1)
  await send(gateways[1], { url })
  lost.resolve()
  expect([409, null]).toContain(await older)
  const { headers } = await owner.send('HEAD', new URL(url).pathname, { headers: TUS })
  expect(headers.get('upload-offset')).toBe(String(file.length))
  expect((await getVideo(owner, headers.get('x-video-id') ?? '')).source).toMatchObject({ sha256 })
})

test('a wrong offset, a wrong version, a wrong type and a stranger are refused, each as what it is', async () => {
  const url = await begin(owner)
  const path = new URL(url).pathname
  const offset = { ...TUS, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }
  const refused = async (client: Client, headers: Record<string, string>) => {
    const { status, body } = await client.refusal('PATCH', path, { body: 'bytes', headers })
    return `${status} ${(body as Problem).code}`
  }
  expect(await refused(owner, { ...offset, 'upload-offset': '5' })).toBe('409 UPLOAD_OFFSET_MISMATCH')
  expect(await refused(owner, { ...offset, 'tus-resumable': '0.2.2' })).toBe('412 TUS_VERSION_UNSUPPORTED')
  expect(await refused(owner, { ...offset, 'content-type': 'video/mp4' })).toBe('415 UNSUPPORTED_MEDIA_TYPE')
  expect(await refused(owner, { ...offset, 'upload-offset': '-1' })).toBe('400 VALIDATION_FAILED')
  const { client: stranger } = await register(anonymous)
  expect(await refused(stranger, offset)).toBe('404 UPLOAD_NOT_FOUND')
  const { key } = await owner.call<{ key: string }>('POST', '/v1/api-keys', { name: 'reads', scopes: ['videos:read'] })
  expect(await refused(anonymous.as(key), offset)).toBe('403 INSUFFICIENT_SCOPE')
})

test('an upload is deleted with the video that was made for it, and gives its room back', async () => {
  const { client } = await register(anonymous)
  const url = await begin(client, 40 * 1024 * 1024)
  const usage = () => client.call<{ bytes: number }>('GET', '/v1/usage')
  expect((await usage()).bytes).toBe(40 * 1024 * 1024)
  const more = { headers: { ...TUS, 'upload-length': String(20 * 1024 * 1024) } }
  expect((await client.refusal('POST', '/v1/uploads', more)).body).toMatchObject({
    status: 403,
    code: 'QUOTA_EXCEEDED',
  })
  expect((await client.send('DELETE', new URL(url).pathname, { headers: TUS })).status).toBe(204)
  expect((await client.send('HEAD', new URL(url).pathname, { headers: TUS })).status).toBe(404)
  expect(await usage()).toMatchObject({ bytes: 0, videos: 0, uploads: 0 })
})

test('an API key that may write uploads, and a page of an allowed origin may read the answers', async () => {
  const { key } = await owner.call<{ key: string }>('POST', '/v1/api-keys', { name: 'w', scopes: ['videos:write'] })
  const { id } = await createVideo(owner)
  await send(anonymous.as(key), { videoId: id })
  expect((await getVideo(owner, id)).source).toMatchObject({ sha256 })

  const preflight = await anonymous.send('OPTIONS', '/v1/uploads', {
    headers: {
      origin: page,
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'tus-resumable',
    },
  })
  const { headers } = preflight
  expect(headers.get('access-control-allow-methods')).toContain('PATCH')
  expect(headers.get('access-control-allow-headers')).toContain('tus-resumable')
  expect(headers.get('tus-version')).toBe('1.0.0')
  expect(headers.get('tus-extension')).toBe('creation,expiration,termination')
  const created = await owner.send('POST', '/v1/uploads', { headers: { ...TUS, 'upload-length': '9', origin: page } })
  expect(created.headers.get('access-control-expose-headers')).toMatch(/Location.*Upload-Offset/)
})

test('tus-js-client uploads by a link, without an account, after an interruption and through another gateway', async () => {
  const link = await owner.call<{ id: string; url: string }>('POST', '/v1/upload-links', {
    title: 'By a visitor',
    maxBytes: file.length,
    contentTypes: ['video/mp4'],
  })
  const endpoint = `${new URL(link.url).pathname}/tus`
  const sendBy = async (client: Client, url: string | undefined, stopAfter?: number) => {
    let chunks = 0
    return await sendByTus(client, file, url, (cut) => ({
      endpoint: new URL(endpoint, client.baseUrl).href,
      metadata: { filename: 'sea.mp4', filetype: 'video/mp4' },
      chunkSize: 2_000_000,
      onChunkComplete: () => {
        if (++chunks === stopAfter) cut()
      },
    }))
  }
  const { url } = await sendBy(anonymous, undefined, 1)
  expect((await sendBy(anonymous.at(second.url), url)).ended).toBe('done')
  const { usesLeft, videoIds } = await owner.call<{ usesLeft: number; videoIds: string[] }>(
    'GET',
    `/v1/upload-links/${link.id}`,
  )
  expect({ usesLeft, videos: videoIds.length }).toEqual({ usesLeft: 0, videos: 1 })
  const video = await getVideo(owner, videoIds[0] ?? '')
  expect(video).toMatchObject({ title: 'By a visitor', source: { bytes: file.length, sha256 } })
  await expect(sendBy(anonymous, undefined)).rejects.toThrow('UPLOAD_LINK_USED_UP')
})
