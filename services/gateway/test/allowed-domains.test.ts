import { randomUUID } from 'node:crypto'
import { events } from '@kinora/common/contracts'
import { keys, openStore } from '@kinora/common/storage'
import { until } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { useGateway } from './support/use-gateway.ts'

const { world, gateway, media, auth, another, request } = await useGateway({
  PUBLIC_URL: 'https://videos.example',
  OPEN_FILES_PER_ADDRESS: '2',
})
const store = await openStore(world.storageUrl)

const SHOP = { origin: 'https://shop.example' }
const EVIL = { origin: 'https://evil.example' }
const REFUSED = [403, 'PLAYBACK_DOMAIN_NOT_ALLOWED']
const task = `${randomUUID()}-1`
const [SMALL, LARGE] = [Buffer.alloc(300_000, 7), Buffer.alloc(40_000_000, 7)]

/** A public video with a playlist, a small and a large segment; what media says of its sites. */
async function newVideo(own: string[] | null = ['shop.example', '*.blog.example']): Promise<string> {
  const videoId = randomUUID()
  const folder = `${keys.videoFolder(videoId)}/${task}`
  await store.put(`${folder}/360p/1.m4s`, SMALL)
  await store.put(`${folder}/poster.jpg`, 'poster')
  await store.put(keys.playlist(videoId, '360p.m3u8'), `#EXTM3U\n${task}/360p/1.m4s\n#EXT-X-ENDLIST\n`)
  const limits = { tokenId: null, maxHeight: null, download: false, storyboard: null, captions: [], chaptersKey: null }
  media.grants.set(videoId, { ...limits, videoId, posterKey: `${folder}/poster.jpg`, expiresAt: null })
  if (own) media.allowedDomains.set(videoId, own)
  return videoId
}

async function ask(path: string, headers: Record<string, string> = {}, url = gateway.url) {
  const answer = await fetch(url + path, { headers })
  const isProblem = answer.headers.get('content-type') === 'application/problem+json'
  const body = await answer.text()
  return { status: answer.status, headers: answer.headers, body, code: isProblem ? JSON.parse(body).code : undefined }
}
const verdict = async (path: string, headers: Record<string, string>) => {
  const { status, code } = await ask(path, headers)
  return [status, code]
}
/** The shared address of the segment, as the playlist names it. */
async function segmentOf(videoId: string): Promise<string> {
  const { body } = await ask(`/play/${videoId}/360p.m3u8`)
  return `/${/v\/.*m4s/.exec(body)?.[0]}`
}

describe('a video that only some sites may play', () => {
  it('is played by their pages, our own and programs, and not by others, with each of its files', async () => {
    const videoId = await newVideo()
    media.downloads.set('token.shop', { status: 'preparing', videoId })
    media.on.authorizeSource = async () => ({
      ...{ videoId, contentType: 'video/mp4', blanks: [] },
      storageKey: `${keys.videoFolder(videoId)}/${task}/360p/1.m4s`,
    })
    const play = `/play/${videoId}`
    const segment = `${task}/360p/1.m4s`
    for (const [path, status] of [
      [`${play}/360p.m3u8`, 200],
      [`${play}/${segment}`, 200],
      [`${play}/poster.jpg`, 200],
      [`${play}/source`, 200],
      ['/play/token.shop/download/360.mp4', 202],
      [await segmentOf(videoId), 200],
      [(await segmentOf(videoId)).replace('/v/', '/v-check/').replace(segment, '360p'), 204],
    ] as const) {
      for (const headers of [SHOP, { origin: 'https://a.blog.example' }, { origin: 'https://videos.example' }, {}]) {
        expect([path, ...(await verdict(path, headers))]).toEqual([path, status, undefined])
      }
      for (const headers of [EVIL, { origin: 'null' }, { referer: 'https://evil.example/page' }]) {
        expect([path, ...(await verdict(path, headers))]).toEqual([path, ...REFUSED])
      }
    }
    const refused = await ask(`${play}/360p.m3u8`, EVIL)
    expect(refused.headers.get('access-control-allow-origin')).toBe('*')
    expect(refused.headers.get('cache-control')).toBe('no-store')
    // Those of other sites get nothing from a cache; segments have one address for all.
    expect((await ask(`${play}/poster.jpg`)).headers.get('cache-control')).toMatch(/^private/)
    expect((await ask(await segmentOf(videoId), SHOP)).headers.get('cache-control')).toMatch(/^public/)
    expect((await ask(`/play/${await newVideo([])}/poster.jpg`, EVIL)).headers.get('cache-control')).toMatch(/^public/)
  })

  it('is embedded by their pages, as oEmbed says, also before it can be played', async () => {
    const videoId = randomUUID()
    media.allowedDomains.set(videoId, ['shop.example', '*.blog.example'])
    const page = await ask(`/embed/${videoId}`, { referer: 'https://shop.example/' })
    expect(page.headers.get('content-security-policy')).toContain(
      "frame-ancestors 'self' shop.example:* *.blog.example:*",
    )
    expect([page.status, page.headers.has('x-frame-options')]).toEqual([200, false])
    expect(await verdict(`/embed/${videoId}`, { referer: 'https://evil.example/' })).toEqual(REFUSED)
    const other = await ask(`/embed/${randomUUID()}`)
    expect(other.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect((await ask(`/watch/${videoId}`, EVIL)).status).toBe(200)

    const base = `https://videos.example/play/${videoId}`
    const addresses = { hlsUrl: `${base}/master.m3u8`, posterUrl: null, storyboardUrl: null, waveformUrl: null }
    media.addVideo({ id: videoId, visibility: 'public', playable: true, playback: addresses })
    const oembed = `/oembed?${new URLSearchParams({ url: `https://videos.example/watch/${videoId}` })}`
    expect(JSON.parse((await ask(oembed)).body).type).toBe('video')
    expect(JSON.parse((await ask(oembed, EVIL)).body).type).toBe('link')
    expect((await ask(`/watch/${videoId}`)).body).not.toContain('og:video"')
  })

  it('is that from the event on, by its own list or that of its project, and while media is asked in vain', async () => {
    const [own, inherits, projectId] = [await newVideo([]), await newVideo(null), randomUUID()]
    const unlisted = { domains: [], revision: 1 }
    media.on.findAllowedDomains = async ({ videoId }) => ({
      ...{ projectId, project: unlisted, own: videoId === own ? [] : null },
    })
    const segments = [await segmentOf(own), await segmentOf(inherits)]
    for (const path of segments) expect(await verdict(path, EVIL)).toEqual([200, undefined])
    media.on.findAllowedDomains = () => new Promise(() => {})
    const state = { ownerId: projectId, projectId, status: 'ready', playable: true, visibility: 'public', error: null }
    const progress = { percent: 100, stage: 'done', etaSeconds: null }
    const changed = { ...state, videoId: own, progress, allowedDomains: ['shop.example'] }
    await media.say(events['video.changed'], own, 1, changed)
    const project = { projectId, revision: 3, allowedDomains: ['shop.example'] }
    await auth.say(events['auth.project-changed'], projectId, 3, project)
    // An older one, which arrives later, changes nothing.
    await auth.say(events['auth.project-changed'], projectId, 2, { ...project, revision: 2, allowedDomains: [] })
    const ended = { ...project, projectId: randomUUID() }
    await auth.say(events['auth.project-changed'], ended.projectId, 3, ended)
    for (const path of [...segments, `/play/${own}/360p.m3u8`, `/play/${inherits}/360p.m3u8`]) {
      await until(async () => (await ask(path, EVIL)).status === 403)
      expect(await verdict(path, EVIL)).toEqual(REFUSED)
      expect(await verdict(path, SHOP)).toEqual([200, undefined])
    }
  })
})

describe('what is sent to one address', () => {
  it('is limited by bytes in a window, and told apart from others', async () => {
    const { url } = await another({ RATE_LIMIT_PLAYBACK_MB: '1/60', TRUSTED_PROXIES: '127.0.0.1' })
    const path = await segmentOf(await newVideo([]))
    const from = (address: string) => ({ 'x-forwarded-for': address })
    const get = (address: string) => ask(path, from(address), url)
    for (const i of [0, 1, 2]) expect((await get(`2001:db8::${i}`)).body).toHaveLength(SMALL.length)
    // It begins, and is cut off where the allowance ends.
    await expect(get('2001:db8::3')).rejects.toThrow()
    const refused = await get('2001:db8::4')
    expect([refused.status, refused.code]).toEqual([429, 'BANDWIDTH_LIMITED'])
    expect(refused.headers.get('ratelimit-policy')).toMatch(/"playback-bytes";q=1000000;qu="content-bytes";w=60$/)
    expect(refused.headers.get('ratelimit')).toMatch(/"playback-bytes";r=0;t=\d+$/)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(30)
    expect((await fetch(url + path, { method: 'HEAD', headers: from('2001:db8::5') })).status).toBe(200)
    expect((await get('2001:db8:0:1::1')).status).toBe(200)
  })

  it('is limited by files at once, until one of them ends', async () => {
    const { url } = gateway
    const videoId = await newVideo([])
    await store.put(`${keys.videoFolder(videoId)}/${task}/360p/2.m4s`, LARGE)
    const path = (await segmentOf(videoId)).replace('1.m4s', '2.m4s')
    const open = [await fetch(url + path), await fetch(url + path)]
    const refused = await ask(path, {}, url)
    expect([refused.status, refused.code]).toEqual([429, 'CONCURRENCY_LIMITED'])
    expect(refused.headers.get('ratelimit-policy')).toMatch(/^"playback-open";q=2;qu="concurrent-requests"$/)
    expect(refused.headers.get('retry-after')).toBe('2')
    expect((await open[0]?.arrayBuffer())?.byteLength).toBe(LARGE.length)
    await open[1]?.body?.cancel()
    await until(
      async () => (await fetch(url + path, { method: 'GET', headers: { range: 'bytes=0-9' } })).status === 206,
    )
  })
})

it('explains each problem at the address in its type', async () => {
  const problem = JSON.parse((await ask('/v1/nothing')).body)
  expect(problem.type).toBe('https://videos.example/docs/problems#ROUTE_NOT_FOUND')
  const page = await request('/docs/problems')
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  const html = await page.text()
  expect(html).toContain('<section id="ROUTE_NOT_FOUND">')
  expect(await (await request('/docs/problems.md')).text()).toContain('\n## ROUTE_NOT_FOUND\n')
})
