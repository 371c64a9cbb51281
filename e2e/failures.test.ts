import { type PrivateTestEnvironment, privateTestEnvironment, until, useSystem } from '@kinora/dev/harness'
import { beforeEach, expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { Page, PlaybackToken, Video } from './support/api-types.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { checkPlayback } from './support/hls/check-playback.ts'
import { download } from './support/hls/download.ts'
import { startLoad } from './support/load.ts'
import { MINUTE } from './support/long-clips.ts'
import { revive } from './support/revive.ts'
import { ENCODED, GENEROUS } from './support/settings.ts'
import { createVideo, getVideo, putSource, untilRunning, untilStatus, untilVideo, upload } from './support/videos.ts'

const clips = useClips()
const world = await privateTestEnvironment()
const { postgres, rabbitmq, redis } = world.servers
const system = await useSystem({ installation: world, env: { ...GENEROUS, ...ENCODED } })
const anonymous = createClient(system.gatewayUrl)
const { client, tokens } = await register(anonymous)
const clip = await clips.make('minute.mp4')

const published = await untilStatus(
  client,
  (await upload(client, await clips.make('silent.mp4'), { visibility: 'public' })).id,
  'ready',
)

/** Resolves with a check that the published video plays, by its id and by a link that nobody has used before. */
async function startViewing(): Promise<() => Promise<void>> {
  const path = `/v1/videos/${published.id}/playback-tokens`
  const { token } = await client.call<PlaybackToken>('POST', path, {})
  return async () => {
    for (const reference of [token, published.id]) {
      const { video } = await download(`${system.gatewayUrl}/play/${reference}/master.m3u8`)
      expect(video.length).toBeGreaterThan(0)
    }
  }
}

const isReady = async () => (await anonymous.send('GET', '/readyz')).status === 200

beforeEach(async () => {
  await revive(system)
  await until(isReady, { timeoutMs: 60_000 })
})

type Server = PrivateTestEnvironment['servers'][keyof PrivateTestEnvironment['servers']]

/** Brings a server down for as long as `meanwhile` takes. */
async function without(server: Server, how: 'kill' | 'stop' | 'pause', meanwhile: () => Promise<unknown>) {
  await server[how]()
  try {
    await meanwhile()
  } finally {
    await (how === 'pause' ? server.resume() : server.start())
  }
}

async function expectRight(id: string): Promise<void> {
  const { playback } = await untilStatus(client, id, 'ready')
  expect(await checkPlayback(playback?.hlsUrl ?? '', MINUTE)).toEqual([])
}

test('what media had not begun when it was frozen is not done when it thaws: its client was told long ago', async () => {
  await system.kill('media', 'SIGSTOP')
  const title = 'Made while media stood still'
  const answer = await client.refusal('POST', '/v1/videos', { json: { title } })
  expect(answer.status).toBe(504)
  await system.kill('media', 'SIGCONT')
  await until(async () => (await client.send('GET', '/v1/videos')).status === 200, { timeoutMs: 60_000, every: 500 })
  const { id } = await createVideo(client, { title: 'Made afterwards' })
  const { items } = await client.call<Page<Video>>('GET', '/v1/videos')
  expect(items.map((video) => video.id)).toContain(id)
  expect(items.map((video) => video.title)).not.toContain(title)
})

test('media is killed in mid-transcode: answers are 503 at once, and the video comes out right', async () => {
  const { id } = await upload(client, clip)
  await untilRunning(client, id, 'video')
  await system.kill('media')
  // A call that media has taken and died over is answered 504; the next one finds nobody there.
  const { body, headers } = await until(async () => {
    const answer = await client.refusal('GET', `/v1/videos/${id}`)
    return answer.status === 503 && answer
  })
  expect(body.retryable).toBe(true)
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  // Who is signed in is not media's business.
  await client.call('GET', '/v1/auth/me')
  await system.start('media')
  await expectRight(id)
})

test('a source is replaced while its video is watched and media is killed: viewers go on, and the next get the new one', async () => {
  const { id } = await upload(client, await clips.make('tiny.mp4'), { visibility: 'public' })
  await untilStatus(client, id, 'ready')
  const master = `${system.gatewayUrl}/play/${id}/master.m3u8`
  const old = await download(master)
  expect(await putSource(client, id, await clips.make('silent.mp4'))).toMatchObject({
    ...{ id, status: 'ready', source: { filename: 'tiny.mp4' }, replacement: { status: 'processing' } },
  })
  await system.kill('media')
  expect((await download(master)).video).toEqual(old.video)
  await system.start('media')
  const { playback, source } = await untilVideo(client, id, ({ replacement }) => replacement === null)
  expect(source).toMatchObject({ filename: 'silent.mp4', width: 320 })
  // The gateway asks media once a second whether it is back.
  await until(async () => (await download(master)).video[0]?.name === '240p')
  const renditions = [{ name: '240p', width: 320, height: 240 }]
  const expected = { renditions, frames: 200, frameRate: 25, audioChannels: null }
  expect(await checkPlayback(master, expected)).toEqual([])
  const { posterUrl, storyboardUrl } = playback ?? {}
  const storyboard = await (await fetch(storyboardUrl ?? '')).text()
  const sprite = storyboard.split('\n').find((line) => line.includes('sprite-0.jpg')) ?? ''
  for (const url of [posterUrl, new URL(sprite, storyboardUrl ?? '')]) expect((await fetch(url ?? '')).status).toBe(200)
  for (const { url, segmentUrls, segments } of old.video) {
    expect((await fetch(url)).status).toBe(200)
    for (const [index, segment] of segmentUrls.entries()) {
      const bytes = Buffer.from(await (await fetch(segment)).arrayBuffer())
      expect(segments[index]?.equals(bytes)).toBe(true)
    }
  }
})

test('auth is killed: tokens that were given out are good, and nobody new gets one until it is back', async () => {
  const { id } = await upload(client, await clips.make('silent.mp4'))
  const view = await startViewing()
  await system.kill('auth')
  await getVideo(client, id)
  await view()
  const json = { refreshToken: tokens.refreshToken }
  expect((await anonymous.refusal('POST', '/v1/auth/refresh', { json })).status).toBe(503)
  await untilStatus(client, id, 'ready')
  await system.start('auth')
  await until(() => register(anonymous), { timeoutMs: 30_000 })
})

test('the broker is killed under load: every request is answered, and nothing is lost', async () => {
  const load = startLoad(client, ['/v1/videos', '/v1/auth/me'])
  await until(() => load.count(200) > 50, { timeoutMs: 30_000 })
  const { id } = await upload(client, clip)
  await untilRunning(client, id, 'video')
  await without(rabbitmq, 'kill', () => until(() => load.count(503) > 50, { timeoutMs: 30_000 }))
  const before = load.count(200)
  await until(() => load.count(200) > before + 50, { timeoutMs: 60_000 })
  expect(await load.stop()).toEqual([])
  await expectRight(id)
})

test('the broker is stopped in mid-transcode: requests are refused meanwhile, what is published plays, and the video comes out right', async () => {
  const { id } = await upload(client, clip)
  await untilRunning(client, id, 'video')
  const view = await startViewing()
  await without(rabbitmq, 'stop', async () => {
    const refused = await client.refusal('POST', '/v1/videos', { json: { title: 'x' } })
    expect(refused).toMatchObject({ status: 503, body: { retryable: true } })
    await view()
  })
  await expectRight(id)
})

test('PostgreSQL is stopped: requests are refused quickly with 503, and work goes on when it is back', async () => {
  const load = startLoad(client, ['/v1/videos', '/v1/auth/me'])
  await until(() => load.count(200) > 20, { timeoutMs: 30_000 })
  const { id } = await upload(client, clip)
  await untilRunning(client, id, 'video')
  const view = await startViewing()
  await without(postgres, 'stop', async () => {
    await until(() => load.count(503) > 20, { timeoutMs: 30_000 })
    await view()
  })
  const before = load.count(200)
  await until(() => load.count(200) > before + 20, { timeoutMs: 60_000 })
  expect(await load.stop()).toEqual([])
  await expectRight(id)
})

test('Redis is stopped: everything works without it, and with it again', async () => {
  const { id } = await upload(client, await clips.make('silent.mp4'))
  const load = startLoad(client, [`/v1/videos/${id}`, '/v1/videos', '/v1/auth/me'])
  await without(redis, 'stop', async () => {
    const before = load.count(200)
    await until(() => load.count(200) > before + 50, { timeoutMs: 30_000 })
    const { client: newcomer } = await register(anonymous)
    await newcomer.call('GET', '/v1/auth/me')
    await untilStatus(client, id, 'ready')
  })
  const later = load.count(200)
  await until(() => load.count(200) > later + 50, { timeoutMs: 30_000 })
  expect(await load.stop()).toEqual([])
  expect(load.count(503)).toBe(0)
})

test('a frozen broker makes requests fail within their deadline, and all is well when it thaws', async () => {
  const load = startLoad(client, ['/v1/videos', '/v1/auth/me'])
  await until(() => load.count(200) > 20, { timeoutMs: 30_000 })
  await without(rabbitmq, 'pause', () => until(() => load.count(503) + load.count(504) > 10, { timeoutMs: 60_000 }))
  const before = load.count(200)
  await until(() => load.count(200) > before + 20, { timeoutMs: 60_000 })
  expect((await load.stop()).filter((oddity) => !oddity.includes('TIMEOUT'))).toEqual([])
})
