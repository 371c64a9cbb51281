import { freePort, privateEdge, privateS3, until, useSystem, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { Problem } from './support/api-types.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { checkDelivery } from './support/hls/check-delivery.ts'
import { checkPlayback } from './support/hls/check-playback.ts'
import { download } from './support/hls/download.ts'
import { GENEROUS } from './support/settings.ts'
import { createVideo, untilIdle, untilStatus, upload } from './support/videos.ts'

const clips = useClips()
const s3 = await privateS3()
const storage = await s3.bucket()
const world = await useTestEnvironment()
const delivery = { secret: 's'.repeat(43), port: await freePort() }
const system = await useSystem({
  installation: { ...world, ...storage },
  env: {
    ...GENEROUS,
    DELIVERY_SECRET: delivery.secret,
    DELIVERY_URL: `http://127.0.0.1:${delivery.port}`,
  },
  workers: 2,
})
const gatewayPort = Number(new URL(system.gatewayUrl).port)
// nginx fetches from the bucket, at addresses that the gateway signs.
await privateEdge({ ...delivery, gatewayPort, storageDir: world.storageDir })
const { client } = await register(createClient(system.gatewayUrl))

const storageIsGood = async () => {
  const answer = await fetch(`${system.internalUrl('gateway')}/readyz`)
  const { checks } = (await answer.json()) as { checks: { storage: { ok: boolean } } }
  return checks.storage.ok
}

const { id } = await upload(client, await clips.make('normal.mp4'))
const { playback } = await untilStatus(client, id, 'ready')
const hlsUrl = playback?.hlsUrl ?? ''
await untilIdle(client, id)

test('a video goes through a bucket from upload to playback', async () => {
  const renditions = [
    { name: '240p', width: 426, height: 240 },
    { name: '360p', width: 640, height: 360 },
  ]
  expect(await checkPlayback(hlsUrl, { renditions, frames: 480, frameRate: 24, audioChannels: 2 })).toEqual([])
  const { url: master, video } = await download(hlsUrl)
  const [playlist = '', segment = ''] = [video[0]?.url, video[0]?.segmentUrls[0]]
  expect(await checkDelivery({ master, playlist, segment })).toEqual([])
  expect(new URL(segment).port).toBe(String(delivery.port))
  expect((await fetch(segment)).headers.get('x-cache')).toBe('HIT')
  expect((await fetch(segment.replace(`:${delivery.port}/`, `:${gatewayPort}/`))).status).toBe(403)
  const poster = await fetch(`${playback?.posterUrl?.replace('.jpg', '.webp')}?width=320`)
  expect([poster.status, poster.headers.get('content-type')]).toEqual([200, 'image/webp'])
})

test('while the store is away uploads and playback are refused for the moment, and what is deleted goes afterwards', async () => {
  const waiting = await createVideo(client)
  await s3.control.kill()
  await until(async () => !(await storageIsGood()), { timeoutMs: 60_000 })
  const source = { body: 'bytes', headers: { 'content-type': 'video/mp4' } }
  const refused = await client.refusal('PUT', `/v1/videos/${waiting.id}/source`, source)
  expect([refused.status, (refused.body as Problem).code]).toEqual([503, 'DEPENDENCY_UNAVAILABLE'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await fetch(hlsUrl)).status).toBe(503)
  await client.call('DELETE', `/v1/videos/${id}`)

  await s3.control.start()
  await until(storageIsGood, { timeoutMs: 60_000 })
  const isOfVideo = (key: string) => /^(sources|videos|pieces|receipts|quarantine)\//.test(key)
  const left = async () => (await storage.storedFiles()).filter(isOfVideo)
  await until(async () => (await left()).length === 0, { timeoutMs: 90_000, every: 200 })
  expect((await client.send('PUT', `/v1/videos/${waiting.id}/source`, source)).status).toBe(202)
})
