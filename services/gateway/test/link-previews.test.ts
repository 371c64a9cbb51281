import { AppError } from '@kinora/common/errors'
import { expect, test } from 'vitest'
import { useGateway } from './support/use-gateway.ts'

const ORIGIN = 'https://videos.example.com'
const { media, request } = await useGateway({ EMBED_ORIGINS: 'https://shop.example.com' })

function addVideo(title: string, visibility: 'public' | 'private' = 'public') {
  const video = media.addVideo({
    ...{ title, description: 'Sand & sea', visibility, status: 'ready', playable: true },
    renditions: [{ name: '360p', width: 640, height: 360, bitrate: 800_000, status: 'ready' }],
  })
  const base = `${ORIGIN}/play/${video.id}`
  const pictures = { posterUrl: `${base}/poster.jpg`, storyboardUrl: null, waveformUrl: null }
  media.videos.set(video.id, { ...video, playback: { hlsUrl: `${base}/master.m3u8`, ...pictures } })
  return video.id
}

const pageOf = (id: string) => `${ORIGIN}/watch/${id}`
const ask = (query: Record<string, string>) => request(`/oembed?${new URLSearchParams(query)}`)

test('a pasted link becomes a player that fits, and HTML in its title stays text', async () => {
  const id = addVideo('"><script>alert(1)</script> $& Holidays')
  const answer = await ask({ url: pageOf(id), maxwidth: '320' })
  expect(answer.status).toBe(200)
  const embed = (await answer.json()) as { html: string }
  expect(embed).toMatchObject({
    ...{ type: 'video', version: '1.0', title: '"><script>alert(1)</script> $& Holidays', width: 320, height: 180 },
    ...{ thumbnail_url: `${ORIGIN}/play/${id}/poster.jpg`, provider_url: ORIGIN },
  })
  expect(embed.html).toContain(`src="${ORIGIN}/embed/${id}"`)
  expect(embed.html).not.toContain('<script')

  const html = await (await request(`/watch/${id}`)).text()
  expect(html).not.toContain('<script>alert')
  expect(html).toContain('<title>&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; $&amp; Holidays · Kinora</title>')
  expect(html).toContain('<meta property="og:description" content="Sand &amp; sea">')
  expect(html).toContain(`<meta property="og:image" content="${ORIGIN}/play/${id}/poster.jpg">`)
  const oembed = /type="application\/json\+oembed" href="([^"]+)"/.exec(html)?.[1] ?? ''
  expect(new URL(oembed).searchParams.get('url')).toBe(pageOf(id))
})

test('nothing is shown of a private video, of another site, or of a page that is none', async () => {
  const hidden = addVideo('Secret', 'private')
  media.on.getVideo = async ({ videoId }) => {
    const video = media.videos.get(videoId)
    if (!video || video.visibility === 'private') throw new AppError('VIDEO_NOT_FOUND')
    return video
  }
  const shown = addVideo('Open')
  const page = await request(`/watch/${hidden}`)
  expect(page.status).toBe(200)
  expect(await page.text()).not.toContain('Secret')
  const urls = [
    pageOf(hidden),
    `https://evil.example.com/watch/${shown}`,
    `${ORIGIN}/play/${shown}`,
    `${ORIGIN}/watch/..`,
  ]
  for (const url of urls) expect([url, (await ask({ url })).status]).toEqual([url, 404])
  expect((await ask({ url: pageOf(shown), format: 'xml' })).status).toBe(400)
  expect((await ask({ url: 'javascript:alert(1)' })).status).toBe(404)
  expect((await ask({})).status).toBe(400)
})

test('the page comes without a preview while media does not answer', async () => {
  const id = addVideo('Late')
  media.on.getVideo = () => new Promise(() => {})
  const page = await request(`/watch/${id}`)
  expect([page.status, (await page.text()).includes('Late')]).toEqual([200, false])
})
