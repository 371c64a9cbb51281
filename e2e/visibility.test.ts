import { until, useSystem, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { Page, PlaybackToken, Video } from './support/api-types.ts'
import { type Client, createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { download } from './support/hls/download.ts'
import { GENEROUS } from './support/settings.ts'
import { untilIdle, untilStatus, upload } from './support/videos.ts'

const clips = useClips()
const world = await useTestEnvironment()
const system = await useSystem({ installation: world, env: GENEROUS })
const anonymous = createClient(system.gatewayUrl)
const { client: owner } = await register(anonymous)
const { client: stranger } = await register(anonymous)
const clip = await clips.make('silent.mp4')

async function readyVideo(visibility: Video['visibility']): Promise<Video> {
  const { id } = await upload(owner, clip, { visibility })
  return untilStatus(owner, id, 'ready')
}

const [secret, unlisted, open] = await Promise.all([
  readyVideo('private'),
  readyVideo('unlisted'),
  readyVideo('public'),
])

/** Everything in the store that has to do with a video. */
const filesOf = async ({ id }: Video) => (await world.storedFiles()).filter((path) => path.includes(id))
const statusOf = (url: string) => fetch(url, { signal: AbortSignal.timeout(10_000) }).then(({ status }) => status)
const newToken = (video: Video, fields: object = {}) =>
  owner.call<PlaybackToken>('POST', `/v1/videos/${video.id}/playback-tokens`, fields)

const routes = (id: string): [method: string, path: string, json?: object][] => [
  ['GET', `/v1/videos/${id}`],
  ['PATCH', `/v1/videos/${id}`, { title: 'Mine now' }],
  ['DELETE', `/v1/videos/${id}`],
  ['PUT', `/v1/videos/${id}/source`],
  ['POST', `/v1/videos/${id}/retry`],
  ['GET', `/v1/videos/${id}/timeline`],
  ['GET', `/v1/videos/${id}/events`],
  ['POST', `/v1/videos/${id}/playback-tokens`, {}],
  ['DELETE', `/v1/videos/${id}/playback-tokens/${id}`],
]
const playRoutes = (id: string) => [`/play/${id}/master.m3u8`, `/play/${id}/240p.m3u8`, `/play/${id}/poster.jpg`]

async function answerTo(client: Client, [method, path, json]: [string, string, object?]) {
  const source = path.endsWith('/source') && { body: 'bytes', headers: { 'content-type': 'video/mp4' } }
  const { status, body } = await client.refusal(method, path, source || { json })
  return { route: `${method} ${path}`, status, code: body.code }
}

test('a private video looks to others exactly like one that does not exist, on every route', async () => {
  const missing = '01890a5d-ac96-774b-bcce-b302099a8057'
  for (const client of [stranger, anonymous]) {
    const answers = (id: string) => Promise.all(routes(id).map((route) => answerTo(client, route)))
    const [real, none] = [await answers(secret.id), await answers(missing)]
    expect(real.map(({ route, ...answer }) => ({ ...answer, route: route.replaceAll(secret.id, missing) }))).toEqual(
      none,
    )
    for (const { status } of real) expect(client === stranger ? [404] : [404, 401]).toContain(status)
    for (const path of playRoutes(secret.id)) {
      expect(await client.refusal('GET', path)).toMatchObject({ status: 404, body: { code: 'VIDEO_NOT_FOUND' } })
    }
  }
  expect(await owner.call('GET', `/v1/videos/${secret.id}`)).toMatchObject({ title: 'silent.mp4' })
})

test('public and unlisted videos are seen and played by anybody who knows them', async () => {
  for (const video of [unlisted, open]) {
    for (const client of [anonymous, stranger]) {
      expect(await client.call('GET', `/v1/videos/${video.id}`)).toMatchObject({ id: video.id, status: 'ready' })
      const { video: renditions } = await download(`${system.gatewayUrl}/play/${video.id}/master.m3u8`)
      expect(renditions).toHaveLength(1)
    }
  }
})

test('nobody but the owner changes, deletes or shares a public video', async () => {
  const forbidden = routes(open.id).filter(([method, path]) => method !== 'GET' || path.endsWith('/timeline'))
  for (const route of forbidden) {
    const { status } = await answerTo(stranger, route)
    expect([403, 404]).toContain(status)
  }
  expect(await owner.call('GET', `/v1/videos/${open.id}`)).toMatchObject({ title: open.title })
})

test('a list shows the own videos only', async () => {
  expect(await stranger.call<Page<Video>>('GET', '/v1/videos')).toEqual({ items: [], nextCursor: null })
  const { items } = await owner.call<Page<Video>>('GET', '/v1/videos')
  expect(items.map(({ id }) => id).sort()).toEqual([secret.id, unlisted.id, open.id].sort())
})

test('a playback token plays a private video for anybody, and no other video', async () => {
  const { hlsUrl, token } = await newToken(secret)
  const { video, url } = await download(hlsUrl)
  expect(video).toHaveLength(1)
  expect(await statusOf(`${system.gatewayUrl}/play/${token.slice(0, -2)}AA/master.m3u8`)).toBeGreaterThanOrEqual(403)
  // Another video's segment, with a token that is good, and with an address that is.
  const theirs = await download((await newToken(unlisted)).hlsUrl)
  const [address = '', theirAddress = ''] = [video[0]?.segmentUrls[0], theirs.video[0]?.segmentUrls[0]]
  const path = theirAddress.split('/').slice(6).join('/')
  expect(path).toMatch(/\.m4s$/)
  expect(await statusOf(new URL(path, url).href)).toBe(404)
  expect(await statusOf(theirAddress.replace(unlisted.id, secret.id))).toBe(403)
  expect(await statusOf(address.replace(secret.id, unlisted.id))).toBe(403)
})

test('a playback token that was revoked opens nothing more, at once, and revoking the delivery ends what was open', async () => {
  const { id, hlsUrl } = await newToken(secret)
  const { video } = await download(hlsUrl)
  await owner.call('DELETE', `/v1/videos/${secret.id}/playback-tokens/${id}`)
  await until(async () => (await statusOf(hlsUrl)) === 403, { timeoutMs: 15_000, every: 20 })
  // Other viewers have the same address of a segment; it ends with the delivery of the video.
  const segment = video[0]?.segmentUrls[0] ?? ''
  expect(await statusOf(segment)).toBe(200)
  await owner.call('POST', `/v1/videos/${secret.id}/revoke-delivery`)
  await until(async () => (await statusOf(segment)) === 403, { timeoutMs: 15_000, every: 20 })
  const later = await download((await newToken(secret)).hlsUrl)
  expect(await statusOf(later.video[0]?.segmentUrls[0] ?? '')).toBe(200)
  const again = await owner.refusal('DELETE', `/v1/videos/${open.id}/playback-tokens/${id}`)
  expect(again.body.code).toBe('PLAYBACK_TOKEN_NOT_FOUND')
})

test('a playback token ends when it said it would', async () => {
  const { hlsUrl, expiresAt } = await newToken(secret, { expiresIn: 10 })
  expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(10_000)
  expect(await statusOf(hlsUrl)).toBe(200)
  await until(async () => (await statusOf(hlsUrl)) === 403, { timeoutMs: 20_000, every: 250 })
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt))
})

test('a video that becomes private is hidden from then on, and shown again when it is public', async () => {
  const url = `${system.gatewayUrl}/play/${open.id}/master.m3u8`
  expect(await statusOf(url)).toBe(200)
  await owner.call('PATCH', `/v1/videos/${open.id}`, { visibility: 'private' })
  await until(async () => (await statusOf(url)) === 404, { timeoutMs: 15_000, every: 20 })
  expect((await stranger.refusal('GET', `/v1/videos/${open.id}`)).status).toBe(404)
  await owner.call('PATCH', `/v1/videos/${open.id}`, { visibility: 'public' })
  await until(async () => (await statusOf(url)) === 200, { timeoutMs: 15_000, every: 20 })
})

test('a path that leads out of a video leads nowhere', async () => {
  const { token } = await newToken(secret)
  for (const path of ['..%2f..%2fetc/passwd', '%2e%2e/%2e%2e/x.m3u8', '..%5c..%5cx.mp4', 'master.m3u8%00', '.m3u8']) {
    const { status } = await anonymous.send('GET', `/play/${token}/${path}`)
    expect([path, [400, 404].includes(status)]).toEqual([path, true])
  }
})

test('deleting a video ends its playback, its tokens and its files', async () => {
  const doomed = await readyVideo('public')
  const token = await newToken(doomed)
  const urls = [token.hlsUrl, `${system.gatewayUrl}/play/${doomed.id}/master.m3u8`]
  for (const url of urls) expect(await statusOf(url)).toBe(200)
  // A worker that does not know yet could write once more, which is removed only when nobody can be writing.
  await untilIdle(owner, doomed.id)
  await owner.call('DELETE', `/v1/videos/${doomed.id}`)
  for (const url of urls) await until(async () => (await statusOf(url)) >= 403, { timeoutMs: 15_000, every: 20 })
  expect((await owner.refusal('GET', `/v1/videos/${doomed.id}`)).status).toBe(404)
  await until(async () => (await filesOf(doomed)).length === 0, { timeoutMs: 60_000 })
  expect(await filesOf(open)).not.toEqual([])
})
