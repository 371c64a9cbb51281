import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Video } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, openStore } from '@kinora/common/storage'
import { findChromium, until } from '@kinora/dev/harness'
import axe from 'axe-core'
import { chromium, type Frame, type Page } from 'playwright-core'
import { afterAll, expect, it, vi } from 'vitest'
import { copyHlsClip, storeHlsClip, storeSourceClip } from './support/hls-clip.ts'
import { useGateway } from './support/use-gateway.ts'

// A browser on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })
const PATIENCE = { timeout: 30_000 }
const PLAYER = `document.querySelector('kinora-player')`
const VIDEO = `${PLAYER}.media`

/** A page of another site, with the frame that its query names. */
const site = createServer((req, res) => {
  const framed = new URLSearchParams(req.url?.split('?')[1]).get('frame')
  res
    .setHeader('content-type', 'text/html')
    .end(`<iframe title="video" width="640" height="360" src="${framed}"></iframe>`)
})
await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
const siteUrl = `http://127.0.0.1:${(site.address() as AddressInfo).port}`

const { world, gateway, media, request } = await useGateway({ EMBED_ORIGINS: siteUrl })
const store = await openStore(world.storageUrl)
const executablePath = await findChromium((line) => void process.stderr.write(`${line}\n`))
const browser = await chromium.launch({ executablePath })
afterAll(async () => {
  await browser.close()
  site.close()
  site.closeAllConnections()
})

const clip = randomUUID()
await storeHlsClip(store, clip)

/** All videos play the same clip: by their id or, if they are private, by a token. */
async function addVideo(fields: Partial<Video> = {}): Promise<Video> {
  const video = media.addVideo({ visibility: 'public', status: 'ready', playable: true, ...fields })
  await copyHlsClip(store, clip, video.id)
  if (video.visibility !== 'private' && video.playable) allow(video.id)
  return video
}

function allow(reference: string): string {
  const grant = {
    videoId: clip,
    tokenId: null,
    maxHeight: null,
    download: false,
    posterKey: null,
    storyboard: null,
    captions: [],
    chaptersKey: null,
    expiresAt: null,
  }
  media.grants.set(reference, grant)
  return reference
}

/** Keys of the uploaded files that may be watched, by reference. */
const sources = new Map<string, string>()
media.on.authorizeSource = async ({ reference }) => {
  const storageKey = sources.get(reference)
  if (storageKey === undefined) throw new AppError('SOURCE_NOT_PLAYABLE')
  return { contentType: 'video/mp4', storageKey, blanks: [] }
}
const authorize = media.on.authorizePlayback
media.on.authorizePlayback = async (input, call) => {
  const { reference } = input
  if (authorize && media.grants.has(reference)) return await authorize(input, call)
  const video = media.videos.get(reference)
  if (video && video.visibility !== 'private' && !video.playable) throw new AppError('PLAYBACK_NOT_READY')
  throw new AppError(reference.startsWith('token.') ? 'PLAYBACK_DENIED' : 'VIDEO_NOT_FOUND')
}

/** A browser tab that records violations of the page's policy. */
async function openTab(locale = 'en-US'): Promise<{ tab: Page; violations: string[] }> {
  const tab = await browser.newPage({ locale })
  tab.setDefaultTimeout(PATIENCE.timeout)
  const violations: string[] = []
  tab.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) violations.push(message.text())
  })
  tab.on('pageerror', (error) => violations.push(error.message))
  return { tab, violations }
}

/** Waits until the page shows a text. Playwright's own method evaluates code in the page, which its policy forbids. */
function untilTrue(page: Page | Frame, expression: string): Promise<unknown> {
  return until(() => page.evaluate<boolean>(expression), { timeoutMs: PATIENCE.timeout })
}

/** Escape leaves the inner menu first. */
function closeMenu(tab: Page): Promise<unknown> {
  return until(async () => {
    await tab.keyboard.press('Escape')
    return tab.evaluate<boolean>(`${PLAYER}.shadowRoot.querySelector('media-settings-menu').hidden`)
  })
}

/** Rules of WCAG that the page breaks. */
async function accessibility(page: Page): Promise<string[]> {
  await page.evaluate(`${axe.source}; 0`)
  return page.evaluate<string[]>(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join()))',
  )
}

it('plays a public video, with its title, without violating its policy', async () => {
  const { id } = await addVideo({ title: '<b>Holidays</b> & more', description: '<img src=x>' })
  const { tab, violations } = await openTab()
  await tab.goto(`${gateway.url}/watch/${id}`)
  await tab.locator('media-controller video').waitFor({ state: 'attached', ...PATIENCE })
  await tab.keyboard.press('k')
  await untilTrue(tab, `${VIDEO}?.currentTime > 0.5`)
  await tab.keyboard.press('k')
  await untilTrue(tab, `${VIDEO}.paused`)
  await tab.getByRole('heading', { name: '<b>Holidays</b> & more' }).waitFor()
  expect(await tab.title()).toBe('<b>Holidays</b> & more · Kinora')
  expect(await tab.locator('#description').textContent()).toBe('<img src=x>')

  const height = await tab.evaluate(`${VIDEO}.videoHeight === 120 ? 240 : 120`)
  await tab.getByRole('button', { name: /settings/i }).click()
  await tab.getByRole('menuitem', { name: /quality/i }).click()
  await tab.getByRole('menuitemradio', { name: `${height}p` }).click()
  await closeMenu(tab)
  // The last row of the menu, which the time line must not cover.
  await tab.getByRole('button', { name: /settings/i }).click()
  expect(await accessibility(tab)).toEqual([])
  await tab.getByRole('menuitem', { name: /speed/i }).click()
  await tab.getByRole('menuitemradio', { name: '1.5' }).click()
  await untilTrue(tab, `${VIDEO}.playbackRate === 1.5`)
  await closeMenu(tab)
  await tab.evaluate(`${VIDEO}.play()`)
  await untilTrue(tab, `${VIDEO}.videoHeight === ${height}`)
  expect(violations).toEqual([])
  await tab.close()
})

it('plays a private video with the token from the fragment, which only requests for the video contain', async () => {
  const { id } = await addVideo({ visibility: 'private' })
  const token = allow(`token.${randomUUID()}`)
  const { tab, violations } = await openTab()
  const asked: string[] = []
  tab.on('request', (sent) => asked.push(new URL(sent.url()).pathname))
  await tab.setViewportSize({ width: 390, height: 844 })
  await tab.goto(`${gateway.url}/watch/${id}#token=${token}`)
  await tab.locator('media-controller video').waitFor({ state: 'attached', ...PATIENCE })
  await tab.evaluate(`${VIDEO}.play()`)
  await untilTrue(tab, `${VIDEO}?.currentTime > 0.5`)
  expect(asked.filter((path) => path.includes(token) && !path.startsWith(`/play/${token}/`))).toEqual([])
  expect(asked.filter((path) => path.startsWith('/v1/'))).toEqual([])
  expect(violations).toEqual([])

  await tab.goto('about:blank')
  await tab.goto(`${gateway.url}/watch/${id}`)
  await tab.getByText('it is private and this link does not open it').waitFor(PATIENCE)
  await tab.goto('about:blank')
  await tab.goto(`${gateway.url}/watch/${id}#token=token.forged`)
  await tab.getByText('This link is no longer valid').waitFor(PATIENCE)
  expect(await tab.locator('video').count()).toBe(0)
  await tab.close()
})

it('shows the progress of a video that is not playable yet, and starts it when it is', async () => {
  const progress = { percent: 42, stage: 'transcoding', etaSeconds: null } as const
  const { id } = await addVideo({ status: 'processing', playable: false, progress })
  const { tab, violations } = await openTab()
  await tab.goto(`${gateway.url}/watch/${id}`)
  await untilTrue(tab, `${PLAYER}.shadowRoot.querySelector('progress').value === 42`)
  allow(id)
  await untilTrue(tab, `${VIDEO}?.currentTime > 0.5`)
  expect(violations).toEqual([])
  await tab.close()
})

it('begins with the uploaded file, and changes to the renditions without a jump', async () => {
  const { id } = await addVideo({ status: 'processing', playable: false })
  const storageKey = `sources/${id}/${randomUUID()}`
  await storeSourceClip(store, storageKey)
  sources.set(id, storageKey)
  const { tab, violations } = await openTab()
  await tab.goto(`${gateway.url}/watch/${id}`)
  await untilTrue(tab, `${VIDEO}?.readyState >= 2`)
  expect(await tab.evaluate(`${VIDEO}.currentSrc`)).toBe(`${gateway.url}/play/${id}/source`)
  // Every frame that is painted, with the time of the element that is shown.
  await tab.evaluate(`{
    const seen = (globalThis.seen = [])
    const look = () => {
      const video = ${PLAYER}.shadowRoot.querySelector('media-controller video')
      seen.push([performance.now() / 1000, video ? video.currentTime : -1, video?.currentSrc.startsWith('blob:') && !video.muted])
      requestAnimationFrame(look)
    }
    ${VIDEO}.play()
    look()
  }`)
  await untilTrue(tab, `${VIDEO}.currentTime > 0.5`)
  allow(id)
  await untilTrue(tab, `globalThis.seen.at(-1)[2]`)
  await untilTrue(tab, `${PLAYER}.shadowRoot.querySelectorAll('video').length === 1 && ${VIDEO}.currentTime > 3`)
  const seen = await tab.evaluate<[number, number, boolean][]>('globalThis.seen')
  const change = seen.findIndex(([, , changed]) => changed)
  const around = seen.slice(Math.max(0, change - 3), change + 4)
  const [from, to] = [around[0], around.at(-1)]
  const drift = (to?.[1] ?? 0) - (from?.[1] ?? 0) - ((to?.[0] ?? 0) - (from?.[0] ?? 0))
  expect(Math.abs(drift)).toBeLessThan(0.3)
  expect(Math.min(...around.map(([, time]) => time))).toBeGreaterThan(0.5)
  // The controls follow the new element.
  await tab.keyboard.press('k')
  await untilTrue(tab, `${VIDEO}.paused`)
  expect(violations).toEqual([])
  await tab.close()
})

const waiting = { percent: 0, stage: 'waiting', etaSeconds: null } as const

it.each([
  ['no-source', { status: 'awaiting_upload', progress: waiting }, 'has not been uploaded yet'],
  ['processing', { status: 'processing', progress: { ...waiting, percent: 7 } }, 'is being processed'],
  [
    'failed',
    { status: 'failed', error: { code: 'SOURCE_CORRUPT', detail: 'It is damaged.' } },
    'processed. It is damaged.',
  ],
  ['not-found', { visibility: 'private' }, 'does not exist, or it is private'],
] as const)('says in words that a video is %s, also to screen readers', async (state, fields, text) => {
  const { id } = await addVideo({ playable: false, ...fields })
  const { tab, violations } = await openTab()
  await tab.goto(`${gateway.url}/watch/${id}`)
  await tab.locator('kinora-player [role=status]', { hasText: text }).waitFor(PATIENCE)
  expect(await tab.evaluate(`${PLAYER}.state`)).toBe(state)
  expect(await accessibility(tab)).toEqual([])
  expect(violations).toEqual([])
  await tab.close()
})

it('speaks the language of the viewer, also in the names of its controls', async () => {
  const { id } = await addVideo()
  const [missing, playing] = [await openTab('de-AT'), await openTab('de-AT')]
  await missing.tab.goto(`${gateway.url}/watch/${randomUUID()}`)
  await missing.tab.locator('kinora-player [role=status][lang=de]', { hasText: 'gibt es nicht' }).waitFor(PATIENCE)
  await playing.tab.goto(`${gateway.url}/watch/${id}`)
  await playing.tab.getByRole('button', { name: 'abspielen' }).first().waitFor(PATIENCE)
  await playing.tab.getByRole('button', { name: 'Einstellungen' }).click()
  await playing.tab.getByRole('menuitem', { name: 'Qualität' }).waitFor(PATIENCE)
  for (const { tab, violations } of [missing, playing]) {
    expect(violations).toEqual([])
    await tab.close()
  }
})

it('plays a video that is still being made, with its whole length, until it is complete', async () => {
  const file = { filename: null, bytes: 9_000_000, sha256: '0'.repeat(64), container: 'mov,mp4,m4a,3gp,3g2,mj2' }
  const frames = {
    durationSeconds: 61.5,
    width: 320,
    height: 240,
    frameRate: 25,
    videoCodec: 'h264',
    audioCodec: 'aac',
  }
  const { id } = await addVideo({ status: 'processing', source: { ...file, ...frames } })
  const names = ['120p.m3u8', '240p.m3u8'].map((name) => keys.playlist(id, name))
  const complete = await Promise.all(names.map(async (name) => (await store.get(name)).toString()))
  const write = (edit: (playlist: string) => string) =>
    Promise.all(names.map((name, at) => store.put(name, edit(complete[at] ?? ''))))
  await write((playlist) => playlist.replace('#EXT-X-ENDLIST', '').replace(':VOD', ':EVENT'))
  const { tab, violations } = await openTab()
  await tab.goto(`${gateway.url}/watch/${id}`)
  await tab.getByText('Still being made: 0:10 of 1:01').waitFor(PATIENCE)
  expect(await tab.evaluate(`${PLAYER}.state`)).toBe('growing')
  expect(await accessibility(tab)).toEqual([])
  await write((playlist) => playlist)
  await untilTrue(tab, `${PLAYER}.state === 'playing'`)
  expect(await tab.getByText('Still being made').isVisible()).toBe(false)
  expect(violations).toEqual([])
  await tab.close()
})

it('plays on from the same second when the addresses of the files have expired', async () => {
  const { id } = await addVideo()
  const { tab, violations } = await openTab()
  let masters = 0
  tab.on('request', (sent) => {
    if (sent.url().endsWith('/master.m3u8')) masters += 1
  })
  let mastersWhenExpired = Number.POSITIVE_INFINITY
  await tab.route('**/v/**/1.m4s', async (route) => {
    mastersWhenExpired = Math.min(mastersWhenExpired, masters)
    if (masters < mastersWhenExpired + 2) await route.fulfill({ status: 403 })
    else await route.continue()
  })
  await tab.goto(`${gateway.url}/watch/${id}`)
  await tab.locator('media-controller video').waitFor({ state: 'attached', ...PATIENCE })
  await tab.evaluate(`{
    globalThis.times = []
    ${PLAYER}.addEventListener('timeupdate', () => globalThis.times.push(${VIDEO}.currentTime))
    ${VIDEO}.playbackRate = 1.25
    ${VIDEO}.play()
  }`)
  await untilTrue(tab, `${VIDEO}.currentTime > 9`)
  expect(await tab.evaluate(`${VIDEO}.playbackRate`)).toBe(1.25)
  const times = await tab.evaluate<number[]>('globalThis.times')
  expect(times).toEqual(times.toSorted((a, b) => a - b))
  expect(violations.filter((line) => !line.includes('403'))).toEqual([])
  await tab.close()
})

it('is small: 250 kB, and 40 kB of the uploader', () => {
  for (const [name, limit] of [
    ['kinora-player', 250_000],
    ['kinora-uploader', 40_000],
  ] as const) {
    const file = createRequire(import.meta.url)
      .resolve('@kinora/elements/kinora-player.js')
      .replace('kinora-player', name)
    expect(gzipSync(readFileSync(file)).length).toBeLessThan(limit)
  }
})

it('plays in a frame of a listed origin, in embed mode', async () => {
  const { id } = await addVideo()
  const { tab, violations } = await openTab()
  await tab.goto(`${siteUrl}/?frame=${gateway.url}/embed/${id}`)
  const [frame] = tab.mainFrame().childFrames()
  if (!frame) throw new Error('the page has no frame')
  await frame.waitForSelector('media-controller video', { state: 'attached', ...PATIENCE })
  await frame.evaluate(`${VIDEO}.play()`)
  await untilTrue(frame, `${VIDEO}.currentTime > 0.5`)
  expect(violations).toEqual([])

  await tab.goto(`${siteUrl}/?frame=${gateway.url}/watch/${id}`)
  expect(violations.join()).toContain('frame-ancestors')
  await tab.close()
})

it('has a hash in the URLs of its files, so that they may be cached for a year', async () => {
  const page = await request(`/watch/${randomUUID()}`)
  expect(page.headers.get('cache-control')).toBe('no-cache')
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  const [script = ''] = /\/player\/\w+\/player\.js/.exec(await page.text()) ?? []
  const answer = await request(script)
  expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(answer.headers.get('content-encoding')).toBe('gzip')
  expect((await request('/player/another/player.js')).status).toBe(404)
  expect((await request(script.replace('player.js', 'watch.html'))).status).toBe(404)
})
