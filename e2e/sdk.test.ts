import { createReadStream, openAsBlob } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { until, useSystem } from '@kinora/dev/harness'
import { Kinora, KinoraError, type Video, VideoFailedError, verifyWebhook, type WebhookPayload } from '@kinora/sdk'
import { afterAll, expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { GENEROUS } from './support/settings.ts'

const clips = useClips()
const system = await useSystem({
  env: { ...GENEROUS, WEBHOOK_ALLOW_HTTP: 'true', WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' },
})
const url = system.gatewayUrl
const { tokens } = await register(createClient(url))
const kinora = new Kinora({ url, token: tokens.accessToken })
const clip = await clips.make('silent.mp4')

/** What a receiver of webhooks was sent. */
const received: { body: Buffer; headers: Record<string, string | string[] | undefined> }[] = []
const receiver = createServer(async (req, res) => {
  received.push({ body: await buffer(req), headers: req.headers })
  res.statusCode = 204
  res.end()
})
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
afterAll(() => void receiver.close())

/** Runs before the videos of the other tests are there. */
const webhook = await kinora.api.POST('/v1/webhooks', {
  body: { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, events: ['video.uploaded'] },
})

test('a file by its path becomes a video, is followed until it is ready, and plays by a link that can be revoked', async () => {
  const sent: number[] = []
  const uploaded = await kinora.videos.upload(clip, {
    title: 'By its path',
    tags: ['sdk'],
    visibility: 'unlisted',
    onProgress: ({ percent }) => sent.push(percent),
  })
  expect(uploaded).toMatchObject({ title: 'By its path', tags: ['sdk'], visibility: 'unlisted' })
  expect(uploaded.source).toMatchObject({ filename: 'silent.mp4', bytes: (await stat(clip)).size })
  expect(sent.at(-1)).toBe(100)

  const playable = await kinora.videos.waitUntil(uploaded.id, 'playable', { timeoutMs: 60_000 })
  expect(playable.playback?.hlsUrl).toContain('/master.m3u8')
  const states: string[] = []
  const onState = ({ status }: Pick<Video, 'status'>) => void states.push(status)
  const ready = await kinora.videos.waitUntil(uploaded.id, 'ready', { timeoutMs: 60_000, onState })
  expect([ready.status, states.at(-1)]).toEqual(['ready', 'ready'])

  const link = await kinora.videos.createPlaybackToken(ready.id, { expiresIn: 60 })
  expect((await fetch(link.hlsUrl)).status).toBe(200)
  await kinora.videos.revokePlaybackToken(ready.id, link.id)
  await until(async () => (await fetch(link.hlsUrl)).status === 403)
  expect(await kinora.videos.update(ready.id, { title: 'Renamed' })).toMatchObject({ title: 'Renamed' })
  await kinora.videos.delete(ready.id)
  await expect(kinora.videos.get(ready.id)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND', status: 404 })
})

test('blobs, bytes and streams are uploaded as they are, for a new video or one that waits', async () => {
  const bytes = await readFile(clip)
  const size = bytes.length
  const waiting = await kinora.videos.create({ title: 'Waiting' })
  const file = new File([bytes], 'named.mp4', { type: 'video/mp4' })
  const uploaded = [
    await kinora.videos.upload(file, { chunkSize: 10_000 }),
    await kinora.videos.upload(await openAsBlob(clip), { filename: 'blob.mp4' }),
    await kinora.videos.upload(bytes, { videoId: waiting.id }),
    await kinora.videos.upload(createReadStream(clip), { size, title: 'A stream of Node' }),
    await kinora.videos.upload(Readable.toWeb(createReadStream(clip)) as ReadableStream, { size, chunkSize: 20_000 }),
  ]
  expect(new Set(uploaded.map(({ source }) => source?.sha256)).size).toBe(1)
  expect(uploaded.map(({ title }) => title)).toEqual([
    'named.mp4',
    'blob.mp4',
    'Waiting',
    'A stream of Node',
    'Untitled',
  ])
  expect(uploaded[2]?.id).toBe(waiting.id)
  await expect(kinora.videos.upload(createReadStream(clip))).rejects.toThrow('size')
  await expect(kinora.videos.upload(bytes, { videoId: crypto.randomUUID() })).rejects.toMatchObject({
    code: 'VIDEO_NOT_FOUND',
    status: 404,
    requestId: expect.any(String),
  })

  const all: string[] = []
  for await (const { id } of kinora.videos.list({ limit: 2 })) all.push(id)
  expect(uploaded.every(({ id }) => all.includes(id))).toBe(true)
  const paged: string[] = []
  for await (const { items } of kinora.videos.list({ limit: 2 }).pages()) paged.push(...items.map(({ id }) => id))
  expect(paged).toEqual(all)
})

test('an upload that is aborted throws the reason of its signal; a wait ends at its limit', async () => {
  const abort = new AbortController()
  const upload = kinora.videos.upload(clip, {
    chunkSize: 10_000,
    signal: abort.signal,
    onProgress: () => abort.abort(new Error('enough')),
  })
  await expect(upload).rejects.toThrow('enough')
  const { id } = await kinora.videos.create({ title: 'Without a source' })
  const wait = kinora.videos.waitUntil(id, 'ready', { timeoutMs: 300 })
  await expect(wait).rejects.toMatchObject({
    code: 'WAIT_TIMED_OUT',
    message: expect.stringContaining('awaiting_upload'),
  })
  await expect(kinora.videos.waitUntil(id, 'ready', { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
})

test('a video that fails is an error with its cause in words', async () => {
  const { id } = await kinora.videos.upload(Buffer.from('this is no video'.repeat(100)), { title: 'Broken' })
  const error = await kinora.videos.waitUntil(id, 'playable', { timeoutMs: 60_000 }).catch((error) => error)
  expect(error).toBeInstanceOf(VideoFailedError)
  expect([error.code, error.video.error.code]).toEqual(['VIDEO_FAILED', 'SOURCE_CORRUPT'])
  expect(error.message).toBe(error.video.error.detail)
})

test('problems are typed errors; a function is asked for a newer token when one was refused', async () => {
  const invalid = await kinora.videos.create({ title: '' }).catch((error) => error)
  expect(invalid).toBeInstanceOf(KinoraError)
  expect(invalid).toMatchObject({
    code: 'VALIDATION_FAILED',
    status: 400,
    retryable: false,
    errors: [{ path: 'title' }],
  })
  await expect(new Kinora({ url, token: 'nonsense' }).videos.get(crypto.randomUUID())).rejects.toMatchObject({
    code: 'TOKEN_INVALID',
  })
  const refusals: string[] = []
  const renewed = new Kinora({
    url,
    token: (refusal) => {
      if (refusal) refusals.push(refusal.code)
      return refusal ? tokens.accessToken : 'expired'
    },
  })
  expect((await renewed.videos.upload(clip, { title: 'With a new token' })).title).toBe('With a new token')
  expect(new Set(refusals)).toEqual(new Set(['TOKEN_INVALID']))
  const lost = new Kinora({ url: 'http://127.0.0.1:1', maxRetries: 0 })
  await expect(lost.videos.get('x')).rejects.toMatchObject({ code: 'CONNECTION_FAILED', status: 0, retryable: true })
})

test('a webhook is verified with its secret, and refused with another one or another body', async () => {
  const secret = webhook.data?.secret ?? ''
  const { body, headers } = await until(() => received[0])
  const event: WebhookPayload = verifyWebhook(body, headers, secret)
  expect(event).toMatchObject({ type: 'video.uploaded', data: { title: 'By its path' } })
  const refused = expect.objectContaining({ code: 'WEBHOOK_SIGNATURE_INVALID' })
  expect(() => verifyWebhook(`${body} `, headers, secret)).toThrow(refused)
  expect(() => verifyWebhook(body, headers, `whsec_${Buffer.alloc(32).toString('base64')}`)).toThrow(refused)
  expect(() => verifyWebhook(body, { ...headers, 'webhook-timestamp': '1' }, secret)).toThrow(refused)
  expect(() => verifyWebhook(body, {}, secret)).toThrow(refused)
})
