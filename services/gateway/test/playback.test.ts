import { randomUUID } from 'node:crypto'
import { events, type PlaybackGrant } from '@kinora/common/contracts'
import { keys, openStore } from '@kinora/common/storage'
import { until } from '@kinora/dev/harness'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { rawHttp } from './support/raw-http.ts'
import { useGateway } from './support/use-gateway.ts'

const { world, gateway, media, request } = await useGateway()
const store = await openStore(world.storageUrl)

const videoId = randomUUID()
const task = `${randomUUID()}-1`
const LATER = new Date(Date.now() + 3_600_000).toISOString()
const segment = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256))
const MASTER = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,CODECS="avc1.64001e"
360p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=6000000,RESOLUTION=1920x1080,CODECS="avc1.640028"
1080p.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=1920x1080,URI="1080p-iframes.m3u8"
`
const GROWING = `#EXTM3U\n#EXT-X-PLAYLIST-TYPE:EVENT\n${`#EXTINF:6,\n${task}/360p/1.m4s\n`.repeat(30)}`

/** What is put before the name of a segment. */
const SHARED = new RegExp(`\\.\\./\\.\\./v/${videoId}/[\\w-]+/`, 'g')

await store.put(keys.playlist(videoId, 'master.m3u8'), MASTER)
await store.put(keys.playlist(videoId, '360p.m3u8'), GROWING)
await store.put(keys.playlist(videoId, '1080p.m3u8'), `${GROWING}#EXT-X-ENDLIST\n`)
for (const rung of ['360p', '1080p']) await store.put(`${keys.videoFolder(videoId)}/${task}/${rung}/1.m4s`, segment)
const posterKey = `${keys.videoFolder(videoId)}/${task}/poster.jpg`
const picture = sharp({ create: { width: 800, height: 450, channels: 3, background: 'teal' } })
await store.put(posterKey, await picture.jpeg().toBuffer())
// In the folder of another video; no path may reach it.
await store.put('sources/secret/upload', 'secret')

function grant(fields: Partial<PlaybackGrant> = {}): string {
  const reference = `token.${randomUUID()}`
  const open = {
    videoId,
    tokenId: randomUUID(),
    maxHeight: null,
    download: false,
    posterKey,
    storyboard: null,
    captions: [],
    chaptersKey: null,
    expiresAt: LATER,
  }
  media.grants.set(reference, { ...open, ...fields })
  return reference
}

const play = (reference: string, path: string, headers: Record<string, string> = {}) =>
  request(`/play/${reference}/${path}`, { headers })

describe('a playlist', () => {
  it('is served as HLS, compressed, and revalidated while it grows', async () => {
    const answer = await play(grant(), '360p.m3u8', { 'accept-encoding': 'gzip' })
    expect(answer.headers.get('content-type')).toBe('application/vnd.apple.mpegurl')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(answer.headers.get('cache-control')).toBe('private, no-cache')
    expect((await answer.text()).replaceAll(SHARED, '')).toBe(GROWING)
  })

  it('that is complete may be kept by a player for a minute, and by no shared cache', async () => {
    const answer = await play(grant({ tokenId: null, expiresAt: null }), '1080p.m3u8')
    expect(answer.headers.get('cache-control')).toBe('private, max-age=60')
  })

  it('names the same addresses for all viewers who may see the same', async () => {
    const [one, two, three] = await Promise.all(
      [{}, { download: true, tokenId: null, expiresAt: null }, { maxHeight: 720 }].map(async (fields) =>
        (await play(grant({ ...fields, heights: [360, 1080] }), '360p.m3u8')).text(),
      ),
    )
    expect(two).toBe(one)
    expect(three).not.toBe(one)
    expect(one?.match(SHARED)).toHaveLength(30)
  })

  it('is not sent again to a client that has it', async () => {
    const reference = grant()
    const etag = (await play(reference, 'master.m3u8')).headers.get('etag') ?? ''
    const again = await play(reference, 'master.m3u8', { 'if-none-match': `"other", W/${etag}` })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
  })

  it('lists only variants that the link may play', async () => {
    const reference = grant({ maxHeight: 720 })
    const text = await (await play(reference, 'master.m3u8')).text()
    expect(text).toContain('360p.m3u8')
    expect(text).not.toContain('1080p')
    const refused = await play(reference, '1080p.m3u8')
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({
      title: 'This playback link does not allow this',
      detail: 'The height of this rendition exceeds the maxHeight of the link',
    })
    expect((await play(reference, `${task}/1080p/1.m4s`)).status).toBe(403)
    expect((await play(reference, `${task}/360p/1.m4s`)).status).toBe(200)
  })
})

describe('a segment', () => {
  const path = `${task}/360p/1.m4s`

  it('may be cached for a year, but by shared caches only without a token, and for a minute', async () => {
    const answer = await play(grant(), path)
    expect(answer.headers.get('content-type')).toBe('video/mp4')
    expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
    expect(Buffer.from(await answer.arrayBuffer()).equals(segment)).toBe(true)
    const open = await play(grant({ tokenId: null, expiresAt: null }), path)
    expect(open.headers.get('cache-control')).toBe('public, max-age=3600, s-maxage=60, must-revalidate')
  })

  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=990-', 990, 999],
    ['bytes=990-5000', 990, 999],
    ['bytes=-10', 990, 999],
    ['bytes=-5000', 0, 999],
  ])('is served in part for %s', async (range, start, end) => {
    const answer = await play(grant(), path, { range })
    expect(answer.status).toBe(206)
    expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end}/1000`)
    expect(Buffer.from(await answer.arrayBuffer()).equals(segment.subarray(start, end + 1))).toBe(true)
  })

  it.each(['bytes=1000-', 'bytes=-0'])('refuses %s', async (range) => {
    const answer = await play(grant(), path, { range })
    expect(answer.status).toBe(416)
    expect(answer.headers.get('content-range')).toBe('bytes */1000')
    expect(await answer.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' })
  })

  it.each(['bytes=5-2', 'bytes=a-b', 'chunks=1-2', 'bytes=0-1,5-6'])('is whole for %s', async (range) => {
    const answer = await play(grant(), path, { range })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-length')).toBe('1000')
  })

  it('is whole if the range is of another version', async () => {
    const reference = grant()
    const etag = (await play(reference, path)).headers.get('etag') ?? ''
    expect((await play(reference, path, { range: 'bytes=0-9', 'if-range': etag })).status).toBe(206)
    expect((await play(reference, path, { range: 'bytes=0-9', 'if-range': '"old"' })).status).toBe(200)
    expect((await play(reference, path, { 'if-none-match': etag })).status).toBe(304)
  })

  it('has a length without a body for HEAD', async () => {
    const answer = await request(`/play/${grant()}/${path}`, { method: 'HEAD' })
    expect(answer.headers.get('content-length')).toBe('1000')
    expect(answer.headers.get('accept-ranges')).toBe('bytes')
  })

  it('that is missing is a problem, not an empty file', async () => {
    const answer = await play(grant(), `${task}/360p/2.m4s`)
    expect(answer.status).toBe(404)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toMatchObject({ code: 'FILE_NOT_FOUND' })
  })
})

/** The address of a file that a viewer with this grant gets. */
async function sharedUrl(fields: Partial<PlaybackGrant> = {}, path = `${task}/360p/1.m4s`): Promise<string> {
  const playlist = await (await play(grant({ heights: [360, 1080], ...fields }), '360p.m3u8')).text()
  const [folder = ''] = SHARED.exec(playlist) ?? []
  SHARED.lastIndex = 0
  return `${folder.replace('../..', '')}${path}`
}

describe('a source that has replaced another', () => {
  it('is played by names of its own, within the same limits, and those of the old one stay', async () => {
    const version = randomUUID()
    const folder = `${videoId}/${version}`
    const next = segment.toReversed()
    await store.put(keys.playlist(folder, 'master.m3u8'), MASTER)
    await store.put(keys.playlist(folder, '360p.m3u8'), GROWING)
    for (const rung of ['360p', '1080p']) await store.put(keys.playlist(folder, `${task}/${rung}/1.m4s`), next)
    const reference = grant({ version, heights: [360, 1080], maxHeight: 720 })
    const master = await (await play(reference, 'master.m3u8')).text()
    expect(master.split('\n').filter((line) => line.endsWith('.m3u8'))).toEqual([`${version}.360p.m3u8`])
    const playlist = await (await play(reference, `${version}.360p.m3u8`)).text()
    const [first = ''] = playlist.split('\n').filter((line) => line.endsWith('.m4s'))
    expect(first).toMatch(new RegExp(`^\\.\\./\\.\\./v/${videoId}/[\\w-]+/${version}\\.${task}/360p/1\\.m4s$`))
    const address = first.replace('../..', '')
    const bytesAt = async (path: string) => Buffer.from(await (await request(path)).arrayBuffer())
    expect((await bytesAt(address)).equals(next)).toBe(true)
    expect((await bytesAt(address.replace(`${version}.`, ''))).equals(segment)).toBe(true)
    expect((await play(reference, '360p.m3u8')).status).toBe(200)
    expect((await request(address.replace('360p', '1080p'))).status).toBe(403)
    expect((await play(reference, `${version}.1080p.m3u8`)).status).toBe(403)
    expect((await play(reference, `${version}.master.m3u8`)).status).toBe(404)
    expect((await request(address.replace(version, randomUUID()))).status).toBe(404)
  })
})

describe('a shared address', () => {
  it('may be kept by every cache until it expires, and purged by its tag', async () => {
    const path = await sharedUrl()
    const { headers, status } = await request(path, { headers: { origin: 'https://blog.test' } })
    expect(status).toBe(200)
    const [, seconds] = /^public, max-age=(\d+), immutable$/.exec(headers.get('cache-control') ?? '') ?? []
    const expiry = Number(path.split('/')[3]?.split('-')[2])
    expect(Math.abs(Number(seconds) - (expiry - Date.now() / 1000))).toBeLessThan(5)
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-tag': `video-${videoId}`,
      'surrogate-key': `video-${videoId}`,
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'content-type': 'video/mp4',
      'accept-ranges': 'bytes',
    })
    for (const name of ['vary', 'set-cookie', 'ratelimit', 'access-control-allow-credentials']) {
      expect([name, headers.get(name)]).toEqual([name, null])
    }
  })

  it('is served in part, and not again to who has it', async () => {
    const path = await sharedUrl()
    const part = await request(path, { headers: { range: 'bytes=10-19' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 10-19/1000'])
    const etag = part.headers.get('etag') ?? ''
    expect((await request(path, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await request(path, { method: 'HEAD' })).headers.get('content-length')).toBe('1000')
    expect((await request(path, { headers: { range: 'bytes=1000-' } })).status).toBe(416)
  })

  it.each([
    ['a larger rendition', { maxHeight: 720 }, `${task}/1080p/1.m4s`, 403],
    ['a larger rendition by its playlist', { maxHeight: 720 }, '1080p.m3u8', 404],
    ['a playlist', {}, '360p.m3u8', 404],
    ['the master playlist', {}, 'master.m3u8', 404],
    ['a poster', { download: true }, `${task}/poster.jpg`, 404],
    ['a download', { download: true }, `${task}/download.mp4`, 404],
    ['the passport', {}, 'passport.json', 404],
    ['what is not there', {}, `${task}/360p/7.m4s`, 404],
    ['a path upwards', {}, `..%2f..%2f..%2fsources/secret/upload`, 404],
  ])('does not open %s, and no cache keeps that', async (_what, fields, path, status) => {
    const answer = await request(await sharedUrl(fields, path))
    expect(answer.status).toBe(status)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('opens no other video, and no guessed one', async () => {
    const path = await sharedUrl()
    for (const wrong of [
      path.replace(videoId, randomUUID()),
      path.replace('/all-', '/1080p-'),
      path.replace(/-(\d{10})-/, (_all, expiry) => `-${Number(expiry) + 3600}-`),
      path.replace(/-[\w-]{22}\//, `-${'A'.repeat(22)}/`),
    ]) {
      const answer = await request(wrong)
      expect([wrong, answer.status, answer.headers.get('cache-control')]).toEqual([wrong, 403, 'no-store'])
    }
  })

  it('is refused as soon as the delivery is revoked, and then another one is given out', async () => {
    const path = await sharedUrl({ deliveryEpoch: 3 })
    expect((await request(path)).status).toBe(200)
    const said = Date.now()
    await media.say(events['video.delivery-revoked'], videoId, 9, { videoId, epoch: 4, expiresAt: LATER })
    await until(async () => (await request(path)).status === 403, { timeoutMs: 15_000, every: 10 })
    expect(Date.now() - said).toBeLessThan(1000)
    expect((await request(await sharedUrl({ deliveryEpoch: 4 }))).status).toBe(200)
    // Media's answer may be older than its event.
    expect((await request(await sharedUrl({ deliveryEpoch: 3 }))).status).toBe(200)
  })
})

describe('a path that Kinora does not write', () => {
  it.each([
    '../../sources/secret/upload',
    '..%2F..%2Fsources%2Fsecret%2Fupload',
    '%2e%2e/%2e%2e/sources/secret/upload',
    `${task}/360p/..%2f..%2f..%2f..%2fsources%2fsecret%2fupload`,
    `${task}/360p/1.m4s%00.jpg`,
    '//etc/passwd',
    'MASTER.m3u8',
    `${task}/360p/1.ts`,
    `${task}/`,
  ])('is not found: %s', async (path) => {
    const reference = grant()
    const get = `GET /play/${reference}/${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
    const { received } = await rawHttp(gateway.port, [get])
    expect(received).toMatch(/^HTTP\/1\.1 40[04] /)
    expect(received).not.toContain('secret\n')
  })
})

describe('a link', () => {
  it('that is invalid plays nothing', async () => {
    const answer = await play('nonsense', 'master.m3u8')
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ code: 'PLAYBACK_DENIED' })
  })

  it('is checked once for a whole playback', async () => {
    const reference = grant()
    await play(reference, 'master.m3u8')
    const before = media.calls.authorizePlayback
    for (let i = 0; i < 5; i++) await play(reference, `${task}/360p/1.m4s`)
    expect(media.calls.authorizePlayback).toBe(before)
  })

  it.each([
    ['revoked', 'playback.revoked', { tokenId: randomUUID(), expiresAt: new Date().toISOString() }],
    ['of a deleted video', 'video.deleted', { ownerId: randomUUID() }],
  ] as const)('%s stops at once', async (_what, type, data) => {
    const reference = grant()
    expect((await play(reference, 'master.m3u8')).status).toBe(200)
    media.grants.delete(reference)
    await media.say(events[type], videoId, 1, { videoId, ...data })
    await until(async () => (await play(reference, 'master.m3u8')).status === 403, { timeoutMs: 15_000, every: 10 })
  })

  it('expires on time although it is cached', async () => {
    const reference = grant({ expiresAt: new Date(Date.now() + 3000).toISOString() })
    expect((await play(reference, 'master.m3u8')).status).toBe(200)
    media.grants.delete(reference)
    await until(async () => (await play(reference, 'master.m3u8')).status === 403, { timeoutMs: 15_000 })
  })

  it('may be played on any page, without credentials', async () => {
    const { headers } = await play(grant(), 'master.m3u8', { origin: 'https://blog.test' })
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  })
})

describe('a link with limits', () => {
  const download = `${task}/download.mp4`

  it('does not reach files of downloads and posters past their routes', async () => {
    await store.put(`${keys.videoFolder(videoId)}/${download}`, segment)
    for (const path of [download, `${task}/poster.jpg`]) {
      for (const fields of [{}, { download: true }, { maxHeight: 360, download: true }, { tokenId: null }]) {
        expect((await play(grant(fields), path)).status).toBe(404)
      }
    }
  })

  it.each([
    ['poster.jpg', 360, 640, 360],
    ['poster.webp', 400, 640, 360],
    ['poster.jpg?width=320', 360, 320, 180],
    ['poster.jpg?width=1920', 240, 426, 240],
    ['poster.jpg', 720, 800, 450],
    ['poster.jpg', 100, 177, 100],
  ])('gets %s with at most %i pixels: %i x %i', async (path, maxHeight, width, height) => {
    const answer = await play(grant({ maxHeight }), path)
    expect(answer.status).toBe(200)
    expect(await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).toMatchObject({ width, height })
  })
})

describe('a poster', () => {
  it('is served unchanged', async () => {
    const answer = await play(grant(), 'poster.jpg')
    expect(answer.headers.get('content-type')).toBe('image/jpeg')
    expect((await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).width).toBe(800)
  })

  it.each(['jpg', 'webp', 'avif'])('is resized once, as %s', async (format) => {
    const reference = grant()
    const answers = await Promise.all([1, 2, 3].map(() => play(reference, `poster.${format}?width=320`)))
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      const { width, format: found } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata()
      expect(width).toBe(320)
      expect(found).toBe({ jpg: 'jpeg', webp: 'webp', avif: 'heif' }[format])
    }
    expect(await store.stat(`${keys.videoFolder(videoId)}/${task}/poster-320.${format}`)).not.toBeNull()
  })

  it('is available in listed widths only', async () => {
    const answer = await play(grant(), 'poster.webp?width=321')
    expect(await answer.json()).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'width' }] })
  })

  it('that does not exist yet is not found', async () => {
    expect((await play(grant({ posterKey: null }), 'poster.jpg')).status).toBe(404)
  })
})

it('a waveform is beside the poster, and missing where there are frames', async () => {
  const waveform = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'blue' } })
    .png()
    .toBuffer()
  const folder = `${keys.videoFolder(videoId)}/0190f3c2-7d4e-7a51-9c6b-2f4d1e8a9b0c-9`
  await store.put(`${folder}/waveform.png`, waveform)
  const answer = await play(grant({ posterKey: `${folder}/poster.jpg` }), 'waveform.png')
  expect(answer.headers.get('content-type')).toBe('image/png')
  expect(Buffer.from(await answer.arrayBuffer()).equals(waveform)).toBe(true)
  for (const key of [posterKey, null]) expect((await play(grant({ posterKey: key }), 'waveform.png')).status).toBe(404)
})

describe('a download', () => {
  const storageKey = `${keys.videoFolder(videoId)}/${task}/download.mp4`

  it('that is being prepared has a Retry-After', async () => {
    media.downloads.set('token.early', { status: 'preparing' })
    const answer = await play('token.early', 'download/360.mp4')
    expect(answer.status).toBe(202)
    expect(answer.headers.get('retry-after')).toBe('2')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toEqual({ status: 'preparing' })
  })

  it('is named after the video, whole or in part', async () => {
    await store.put(storageKey, segment)
    media.downloads.set('token.ready', { status: 'ready', storageKey, title: 'Café "at" sea' })
    const whole = await play('token.ready', 'download/360.mp4')
    expect(whole.headers.get('content-type')).toBe('video/mp4')
    expect(whole.headers.get('content-disposition')).toBe(
      `attachment; filename="Cafe at sea 360p.mp4"; filename*=UTF-8''Caf%C3%A9%20at%20sea%20360p.mp4`,
    )
    expect(Buffer.from(await whole.arrayBuffer()).equals(segment)).toBe(true)
    const part = await play('token.ready', 'download/360.mp4', { range: 'bytes=10-19' })
    expect(part.status).toBe(206)
    expect(Buffer.from(await part.arrayBuffer()).equals(segment.subarray(10, 20))).toBe(true)
    const audio = await play('token.ready', 'download/audio.m4a')
    expect(audio.headers.get('content-type')).toBe('audio/mp4')
    expect(audio.headers.get('content-disposition')).toContain('filename="Cafe at sea.m4a"')
    const head = await request('/play/token.ready/download/360.mp4', { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe('1000')
  })

  it('is refused to links that only play, and not found for a height that is not a number', async () => {
    const refused = await play('token.plays', 'download/360.mp4')
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([403, 'DOWNLOAD_DENIED'])
    const unknown = await play('token.ready', 'download/large.mp4')
    expect([unknown.status, ((await unknown.json()) as { code: string }).code]).toEqual([404, 'FILE_NOT_FOUND'])
  })
})
