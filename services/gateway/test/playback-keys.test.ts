import { randomUUID } from 'node:crypto'
import { events } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, openStore } from '@kinora/common/storage'
import { until } from '@kinora/dev/harness'
import { expect, it } from 'vitest'
import { createSigner } from './support/access-tokens.ts'
import { signingKey } from './support/playback-key.ts'
import { useGateway } from './support/use-gateway.ts'

const { world, gateway, another, media, request, signedIn } = await useGateway()
const other = await another({})
const store = await openStore(world.storageUrl)
const MASTER = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,CODECS="avc1.64001e"
360p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=6000000,RESOLUTION=1920x1080,CODECS="avc1.640028"
1080p.m3u8
`

const projectId = randomUUID()
const task = `${randomUUID()}-1`
const signing = signingKey(projectId)
const { key } = signing
media.playbackKeys.set(key.id, key)
const refusal = { code: 'PLAYBACK_DENIED', detail: 'This playback link is no longer valid' }

/** A private video of the project, which media knows by every token that `signed` makes. */
async function addVideo(): Promise<string> {
  const videoId = randomUUID()
  await store.put(keys.playlist(videoId, 'master.m3u8'), MASTER)
  await store.put(keys.playlist(videoId, '360p.m3u8'), `#EXTM3U\n#EXTINF:6,\n${task}/360p/1.m4s\n`)
  await store.put(posterOf(videoId), 'picture')
  return videoId
}
const posterOf = (videoId: string) => `${keys.videoFolder(videoId)}/${task}/poster.jpg`
const videoId = await addVideo()

/** A token of a key of the project, which media would accept. */
function signed(claims: object = {}, id = videoId, by = signing): string {
  const token = by.sign(id, claims)
  const limits = { tokenId: null, maxHeight: null, download: false, expiresAt: null }
  const facts = {
    posterKey: posterOf(videoId),
    storyboard: null,
    captions: [],
    chaptersKey: null,
    heights: [360, 1080],
  }
  media.grants.set(token, { videoId: id.toLowerCase(), projectId, visibility: 'private', ...limits, ...facts })
  return token
}

const play = (token: string, path = 'master.m3u8', url = gateway.url) => fetch(`${url}/play/${token}/${path}`)
async function refused(token: string, url = gateway.url): Promise<unknown> {
  const { status, code, detail } = (await (await play(token, 'master.m3u8', url)).json()) as Record<string, unknown>
  return { status, code, detail }
}

it('a token that a customer has signed plays what a link with these limits plays', async () => {
  const [open, low] = [signed(), signed({ maxHeight: 720 })]
  expect(await (await play(open)).text()).toContain('1080p.m3u8')
  expect(await (await play(low)).text()).not.toContain('1080p.m3u8')
  expect((await play(low, '1080p.m3u8')).status).toBe(403)
  const asked = () => [media.calls.getPlaybackKey, media.calls.authorizePlayback]
  const before = asked()
  const playlists = [await (await play(low, '360p.m3u8')).text(), await (await play(open, '360p.m3u8')).text()]
  const addresses = playlists.map((text) => /\/v\/[\w-]+\/([\w-]+)\//.exec(text)?.[1])
  expect(addresses[0]).toMatch(/^360p-0-/)
  expect(addresses[1]).toMatch(/^all-0-/)
  const poster = await play(open, 'poster.jpg')
  expect([poster.status, poster.headers.get('cache-control')]).toEqual([200, 'private, max-age=60'])
  // Neither the key nor the video is asked for again.
  expect(asked()).toEqual(before)
})

it('an address of a file ends no later than the bucket in which its token ends', async () => {
  const exp = Math.floor(Date.now() / 1000) + 60
  const text = await (await play(signed({ exp }), '360p.m3u8')).text()
  const expiry = Number(/\/v\/[\w-]+\/all-0-(\d+)-/.exec(text)?.[1])
  expect(expiry).toBe(Math.ceil(exp / 3600) * 3600)
})

it('a token opens no video of another project', async () => {
  const stranger = signingKey()
  media.playbackKeys.set(stranger.key.id, stranger.key)
  await play(signed())
  const asked = media.calls.authorizePlayback
  expect(await refused(stranger.sign(videoId))).toMatchObject({ status: 404, code: 'VIDEO_NOT_FOUND' })
  expect(media.calls.authorizePlayback).toBe(asked)
})

it('made-up keys are asked for once, and all are refused alike', async () => {
  const unknown = signingKey()
  const before = media.calls.getPlaybackKey ?? 0
  for (let at = 0; at < 10; at++) expect(await refused(unknown.sign(videoId, { jti: `${at}` }))).toMatchObject(refusal)
  expect(media.calls.getPlaybackKey).toBe(before + 1)
  const forged = signingKey()
  const [head, body] = signed().split('.')
  const asForged = `${head}.${body}.${forged.sign(videoId).split('.')[2]}`
  expect(await refused(asForged)).toMatchObject(refusal)
  expect((await play('a'.repeat(1025))).status).toBe(404)
})

it('an access token is no playback token, and the reverse', async () => {
  const authorization = signedIn().authorization ?? ''
  expect((await play(authorization.replace('Bearer ', ''))).status).toBe(403)
  const api = await request('/v1/videos', { headers: { authorization: `Bearer ${signed()}` } })
  expect([api.status, await api.json()]).toMatchObject([401, { code: 'TOKEN_INVALID' }])
  // Whoever registers the public key of auth as a playback key can play nothing with access tokens.
  const auth = createSigner(randomUUID())
  media.playbackKeys.set(auth.jwk.kid, { ...key, id: auth.jwk.kid, publicKey: auth.pem })
  for (const header of [{}, { typ: 'JWT' }]) {
    expect(await refused(auth.sign({ claims: { sub: videoId }, header }))).toMatchObject({ code: 'PLAYBACK_DENIED' })
  }
})

it('the id of a video is found in any case of letters, and ends with the video', async () => {
  const id = await addVideo()
  const token = signed({}, id.toUpperCase())
  expect((await play(token)).status).toBe(200)
  const said = Date.now()
  const expiresAt = new Date(said + 3_600_000).toISOString()
  await media.say(events['video.delivery-revoked'], id, 1, { videoId: id, epoch: null, expiresAt })
  await until(async () => (await play(token)).status === 404, { timeoutMs: 15_000, every: 10 })
  expect(Date.now() - said).toBeLessThan(1000)
})

it('known keys play on while media is silent; a retired one is refused at every gateway within a second', async () => {
  const retired = signingKey(projectId)
  media.playbackKeys.set(retired.key.id, retired.key)
  const urls = [gateway.url, other.url]
  const token = signed({}, videoId, retired)
  for (const url of urls) expect((await play(token, 'master.m3u8', url)).status).toBe(200)
  media.on.getPlaybackKey = async () => {
    throw new AppError('DEPENDENCY_UNAVAILABLE')
  }
  expect((await play(signed({ jti: 'new' }, videoId, retired))).status).toBe(200)
  expect((await play(signingKey().sign(videoId))).status).toBe(503)

  const said = Date.now()
  const data = { playbackKeyId: retired.key.id, expiresAt: new Date(said + 7 * 86_400_000).toISOString() }
  await media.say(events['playback.key-retired'], retired.key.id, 1, data)
  for (const url of urls) {
    await until(async () => (await play(token, 'master.m3u8', url)).status === 403, {
      timeoutMs: 15_000,
      every: 10,
    })
  }
  expect(Date.now() - said).toBeLessThan(1000)
  expect(await refused(token)).toMatchObject(refusal)
})

it('a gateway that starts later learns of retired keys by the list', async () => {
  const item = { id: key.id, epoch: null, expiresAt: new Date(Date.now() + 86_400_000).toISOString() }
  media.on.listPlaybackRevocations = async ({ of }) => ({ items: of === 'keys' ? [item] : [], more: false })
  media.on.getPlaybackKey = async () => key
  const later = await another({})
  expect(await refused(signed(), later.url)).toMatchObject(refusal)
})
