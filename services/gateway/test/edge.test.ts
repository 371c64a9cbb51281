import { randomUUID } from 'node:crypto'
import { events, type PlaybackGrant } from '@kinora/common/contracts'
import { playbackSigner } from '@kinora/common/playback-token'
import { keys, openStore } from '@kinora/common/storage'
import { freePort, privateEdge, until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { rawHttp } from './support/raw-http.ts'
import { PLAYBACK_SECRET } from './support/start-test-gateway.ts'
import { useGateway } from './support/use-gateway.ts'

const secret = 'e'.repeat(43)
const { world, gateway, media, request } = await useGateway({ DELIVERY_SECRET: secret, TRUSTED_PROXIES: '127.0.0.1' })
const port = await freePort()
const edge = await privateEdge({ port, gatewayPort: gateway.port, secret, storageDir: world.storageDir })
const store = await openStore(world.storageUrl)

const LATER = new Date(Date.now() + 3_600_000).toISOString()
const task = `${randomUUID()}-1`
const segment = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))

/** A video in two sizes, and how to get the address of a file of it. */
async function newVideo() {
  const videoId = randomUUID()
  const folder = keys.videoFolder(videoId)
  for (const rung of ['360p', '1080p']) {
    for (let n = 0; n < 3; n++) await store.put(`${folder}/${task}/${rung}/${n}.m4s`, segment)
  }
  await store.put(`${folder}/${task}/sprite-0.jpg`, 'sprite')
  await store.put(`${folder}/${task}/download.mp4`, segment)
  await store.put(keys.playlist(videoId, '360p.m3u8'), `#EXTM3U\n${task}/360p/0.m4s\n#EXT-X-ENDLIST\n`)
  const urlOf = async (path: string, fields: Partial<PlaybackGrant> = {}) => {
    const reference = `token.${randomUUID()}`
    const limits = { tokenId: null, maxHeight: null, download: false, posterKey: null, storyboard: null, captions: [] }
    const rest = { chaptersKey: null, expiresAt: LATER, heights: [360, 1080] }
    media.grants.set(reference, { videoId, ...limits, ...rest, ...fields })
    const playlist = await (await fetch(`${edge.url}/play/${reference}/360p.m3u8`)).text()
    const address = /\.\.\/\.\.\/(v\/[^/]+\/[^/]+)\//.exec(playlist)?.[1]
    return `${edge.url}/${address}/${path}`
  }
  return { videoId, urlOf }
}

/** How often the gateway was asked for a file of this video. */
const asked = (videoId: string) =>
  gateway.log.filter((line) => line.includes(videoId) && line.includes('"route":"/v/:videoId/:address/*file"')).length

const first = await newVideo()

describe('an edge', () => {
  it('fetches a file once, however many viewers ask for it at the same time', async () => {
    const url = await first.urlOf(`${task}/360p/0.m4s`)
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(url)))
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      expect(Buffer.from(await answer.arrayBuffer()).equals(segment)).toBe(true)
    }
    expect(asked(first.videoId)).toBe(1)
    const again = await fetch(url, { headers: { origin: 'https://blog.test' } })
    expect(Object.fromEntries(again.headers)).toMatchObject({
      'x-cache': 'HIT',
      'content-type': 'video/mp4',
      'content-length': String(segment.length),
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': expect.stringMatching(/^public, max-age=\d+, immutable$/),
      'cache-tag': `video-${first.videoId}`,
    })
    for (const name of ['x-accel-redirect', 'vary', 'ratelimit', 'x-request-id'])
      expect(again.headers.has(name)).toBe(false)
  })

  it('has one copy for all scopes and times, and keeps it from who may not see it', async () => {
    const path = `${task}/1080p/0.m4s`
    expect((await fetch(await first.urlOf(path))).headers.get('x-cache')).toBe('MISS')
    const later = await first.urlOf(path, { expiresAt: new Date(Date.now() + 10_000).toISOString(), deliveryEpoch: 5 })
    expect((await fetch(later)).headers.get('x-cache')).toBe('HIT')
    const small = await first.urlOf('', { maxHeight: 720 })
    expect((await fetch(`${small}${task}/360p/0.m4s`)).status).toBe(200)
    for (const trick of [
      path,
      `${task}/360p/../1080p/0.m4s`,
      `${task}/360p/%2e%2e/1080p/0.m4s`,
      `${task}//1080p/0.m4s`,
      `${task}/%31080p/0.m4s`,
      `./${task}/./1080p/0.m4s`,
      `${task}/1080p/0.m4s?rendition=360p`,
    ]) {
      const target = `${new URL(small).pathname}${trick}`
      const { received } = await rawHttp(port, [`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`])
      expect([trick, received.slice(0, 12)]).toEqual([trick, 'HTTP/1.1 403'])
      expect(received).toMatch(/cache-control: no-store/i)
    }
  })

  it('serves ranges, conditions and heads, also of what it does not have yet', async () => {
    const url = await first.urlOf(`${task}/360p/1.m4s`)
    const cold = await fetch(url, { headers: { range: 'bytes=100-199' } })
    expect([cold.status, cold.headers.get('content-range')]).toEqual([206, `bytes 100-199/${segment.length}`])
    expect(Buffer.from(await cold.arrayBuffer()).equals(segment.subarray(100, 200))).toBe(true)
    const warm = await fetch(url, { headers: { range: 'bytes=-10' } })
    expect([warm.status, warm.headers.get('x-cache')]).toEqual([206, 'HIT'])
    const etag = warm.headers.get('etag') ?? ''
    expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await fetch(url, { method: 'HEAD' })).headers.get('content-length')).toBe(String(segment.length))
    expect((await fetch(url, { headers: { range: `bytes=${segment.length}-` } })).status).toBe(416)
  })

  it('keeps no refusal, and nothing of what is missing or not delivered this way', async () => {
    const folder = await first.urlOf('')
    const statuses = await Promise.all(
      [`${task}/360p/9.m4s`, `${task}/download.mp4`, '360p.m3u8', 'passport.json'].map(async (path) => {
        const answer = await fetch(folder + path)
        return [answer.status, answer.headers.get('cache-control')]
      }),
    )
    expect(statuses).toEqual(statuses.map(() => [404, 'no-store']))
    await store.put(`${keys.videoFolder(first.videoId)}/${task}/360p/9.m4s`, segment)
    expect((await fetch(`${folder}${task}/360p/9.m4s`)).status).toBe(200)
    const sprite = await fetch(`${folder}${task}/sprite-0.jpg`)
    expect([sprite.status, sprite.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
  })

  it('refuses what it has within a second of the revocation', async () => {
    const video = await newVideo()
    const url = await video.urlOf(`${task}/360p/0.m4s`)
    for (let n = 0; n < 2; n++) expect((await fetch(url)).status).toBe(200)
    const data = { videoId: video.videoId, epoch: 1, expiresAt: LATER }
    const said = performance.now()
    await media.say(events['video.delivery-revoked'], video.videoId, 1, data)
    await until(async () => (await fetch(url)).status === 403, { timeoutMs: 15_000, every: 10 })
    expect(performance.now() - said).toBeLessThan(1000)
    const refused = await fetch(url, { headers: { origin: 'https://blog.test' } })
    expect(refused.headers.get('access-control-allow-origin')).toBe('*')
    expect(await refused.json()).toMatchObject({ code: 'PLAYBACK_DENIED' })
    expect((await fetch(await video.urlOf(`${task}/360p/0.m4s`))).headers.get('x-cache')).toBe('HIT')
  })

  it('asks for each page whether it may play what the cache has', async () => {
    const video = await newVideo()
    media.allowedDomains.set(video.videoId, ['shop.example'])
    const url = await video.urlOf(`${task}/360p/0.m4s`)
    const ask = async (headers: Record<string, string>) => {
      const answer = await fetch(url, { headers })
      return [answer.status, answer.headers.get('x-cache')]
    }
    expect(await ask({ origin: 'https://shop.example' })).toEqual([200, 'MISS'])
    expect(await ask({ referer: 'https://shop.example/page' })).toEqual([200, 'HIT'])
    expect(await ask({ origin: 'https://evil.example' })).toEqual([403, null])
    expect(await ask({ referer: 'https://evil.example/shop.example' })).toEqual([403, null])
    expect(await ask({})).toEqual([200, 'HIT'])
  })

  it('sends one address no more files at once than it may have', async () => {
    const other = await freePort()
    const small = { port: other, gatewayPort: gateway.port, secret, storageDir: world.storageDir, openFiles: 2 }
    const { url: strict } = await privateEdge(small)
    const video = await newVideo()
    await store.put(`${keys.videoFolder(video.videoId)}/${task}/360p/0.m4s`, Buffer.alloc(40_000_000))
    const url = (await video.urlOf(`${task}/360p/0.m4s`)).replace(edge.url, strict)
    const from = (address: string) => fetch(url, { headers: { 'x-forwarded-for': address } })
    const open = [await from('192.0.2.1'), await from('192.0.2.1')]
    const refused = await from('192.0.2.1')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2'])
    expect(refused.headers.get('ratelimit-policy')).toBe('"edge-open";q=2;qu="concurrent-requests"')
    expect(await refused.json()).toMatchObject({ code: 'CONCURRENCY_LIMITED', retryAfterMs: 2000 })
    const elsewhere = await from('192.0.2.2')
    expect(elsewhere.status).toBe(200)
    for (const { body } of [...open, elsewhere]) await body?.cancel()
  })

  it('sends downloads itself, in part, under the name that the gateway gives', async () => {
    const storageKey = `${keys.videoFolder(first.videoId)}/${task}/download.mp4`
    media.downloads.set('token.ready', { status: 'ready', storageKey, title: 'Holidays' })
    const answer = await fetch(`${edge.url}/play/token.ready/download/360.mp4`, { headers: { range: 'bytes=0-9' } })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([206, 'video/mp4'])
    expect(answer.headers.get('content-disposition')).toContain('Holidays 360p.mp4')
    expect(Buffer.from(await answer.arrayBuffer()).equals(segment.subarray(0, 10))).toBe(true)
  })

  it.each(['/_objects/installation.json', '/_bucket', '/_check', '/v-check/x/y/none'])(
    'does not lead to %s',
    async (path) => {
      expect([403, 404]).toContain((await fetch(edge.url + path)).status)
    },
  )
})

describe('a gateway behind a cache', () => {
  it('delivers to nobody else, and says where files are to nobody else', async () => {
    const { pathname } = new URL(await first.urlOf(`${task}/360p/0.m4s`))
    for (const given of [undefined, '', 'e'.repeat(42), `${secret}e`]) {
      const headers = {
        'x-sendfile-type': 'X-Accel-Redirect',
        ...(given !== undefined && { 'x-delivery-secret': given }),
      }
      const answer = await request(pathname, { headers })
      expect([answer.status, answer.headers.get('x-accel-redirect')]).toEqual([403, null])
    }
    const cdn = await request(pathname, { headers: { 'x-delivery-secret': secret } })
    expect([cdn.status, cdn.headers.get('x-accel-redirect')]).toEqual([200, null])
    expect(Buffer.from(await cdn.arrayBuffer()).equals(segment)).toBe(true)
  })
})

describe('while media is away', () => {
  it('known videos play on, also by links that nobody has used', async () => {
    const { videoId } = first
    const limits = { tokenId: null, maxHeight: null, download: false, posterKey: null, storyboard: null, captions: [] }
    media.grants.set(videoId, { videoId, ...limits, chaptersKey: null, expiresAt: null })
    const play = async (reference: string) => {
      const url = `${edge.url}/play/${reference}/360p.m3u8`
      const playlist = await fetch(url)
      if (playlist.status !== 200) return playlist.status
      const [line = ''] = (await playlist.text()).split('\n').filter((text) => text.endsWith('.m4s'))
      return (await fetch(new URL(line, url))).status
    }
    expect(await play(videoId)).toBe(200)
    await media.stop()
    const signer = playbackSigner([PLAYBACK_SECRET], () => new Date())
    const exp = Math.floor(Date.now() / 1000) + 600
    expect(await play(videoId)).toBe(200)
    expect(await play(signer.sign({ video: videoId, jti: randomUUID(), exp }))).toBe(200)
    expect(await play(signer.sign({ video: videoId, jti: randomUUID(), exp: 1000 }))).not.toBe(200)
    expect(await play(randomUUID())).toBe(503)
  })
})
