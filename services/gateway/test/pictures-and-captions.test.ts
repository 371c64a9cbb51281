import { randomUUID } from 'node:crypto'
import type { Output } from '@kinora/common/contract'
import { events, type media as mediaContract, type PlaybackGrant } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, openStore } from '@kinora/common/storage'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { useGateway } from './support/use-gateway.ts'

const { world, media, request, signedIn } = await useGateway()
const store = await openStore(world.storageUrl)

const videoId = randomUUID()
const folderKey = keys.attempt(videoId, randomUUID(), 1)
/** Three frames on two sprites. */
const storyboard = { interval: 2, count: 3, columns: 2, rows: 1, width: 160, height: 90, folderKey }
await store.put(`${folderKey}/sprite-0.jpg`, await sprite('red', 'blue'))
await store.put(`${folderKey}/sprite-1.jpg`, await sprite('lime', 'black'))

async function sprite(left: string, right: string): Promise<Buffer> {
  const half = sharp({ create: { width: 160, height: 90, channels: 3, background: right } })
  const whole = sharp({ create: { width: 320, height: 90, channels: 3, background: left } })
  return await whole
    .composite([{ input: await half.png().toBuffer(), left: 160, top: 0 }])
    .jpeg()
    .toBuffer()
}

function play(path: string, fields: Partial<PlaybackGrant> = {}): Promise<Response> {
  const reference = `token.${randomUUID()}`
  const limits = {
    tokenId: null,
    maxHeight: null,
    download: false,
    posterKey: null,
    captions: [],
    chaptersKey: null,
    expiresAt: null,
  }
  media.grants.set(reference, { videoId, storyboard, ...limits, ...fields })
  return request(`/play/${reference}/${path}`)
}

async function picture(answer: Response): Promise<Buffer> {
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

describe('a storyboard', () => {
  it('is WebVTT that names a rectangle for each interval', async () => {
    const answer = await play('storyboard.vtt')
    expect(answer.headers.get('content-type')).toBe('text/vtt; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('private, max-age=60')
    const text = await answer.text()
    const [shared = ''] = /\.\.\/\.\.\/v\/[^/]+\/[^/]+/.exec(text) ?? []
    const folder = `${shared}/${folderKey.split('/').at(-1)}`
    expect(text).toBe(`WEBVTT

00:00:00.000 --> 00:00:02.000
${folder}/sprite-0.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
${folder}/sprite-0.jpg#xywh=160,0,160,90

00:00:04.000 --> 00:00:06.000
${folder}/sprite-1.jpg#xywh=0,0,160,90
`)
    const sprite = await request(`${folder.replace('../..', '')}/sprite-1.jpg`)
    expect([sprite.status, sprite.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
  })

  it.each(['storyboard.vtt', 'thumbnail.jpg', 'preview.webp'])('that is not there has no %s', async (path) => {
    expect(await (await play(path, { storyboard: null })).json()).toMatchObject({ code: 'FILE_NOT_FOUND' })
  })
})

describe('a thumbnail', () => {
  it.each([
    ['jpg', 'jpeg'],
    ['webp', 'webp'],
    ['avif', 'heif'],
  ])('comes as %s, in a width that is offered', async (extension, format) => {
    const found = await sharp(await picture(await play(`thumbnail.${extension}?time=1&width=80`))).metadata()
    expect(found).toMatchObject({ format, width: 80, height: 45 })
  })

  it.each([
    [0, [1, 0, 0]],
    [2, [0, 0, 1]],
    [3.9, [0, 0, 1]],
    [4, [0, 1, 0]],
    [9999, [0, 1, 0]],
  ])('at %d s is the picture that the storyboard has for it', async (time, expected) => {
    const { channels } = await sharp(await picture(await play(`thumbnail.jpg?time=${time}&width=160`))).stats()
    expect(channels.map(({ mean }) => (mean > 127 ? 1 : 0))).toEqual(expected)
  })

  it('is stored beside the sprites, once per interval', async () => {
    await picture(await play('thumbnail.webp?time=2.1&width=160'))
    await picture(await play('thumbnail.webp?time=3.2&width=160'))
    const kept: string[] = []
    for await (const key of store.list(folderKey)) if (/thumbnail.*-160\.webp$/.test(key)) kept.push(key)
    expect(kept).toEqual([`${folderKey}/thumbnail-1-160.webp`])
  })

  it.each(['time=-1', 'time=soon', 'width=81', 'time=1&height=9'])('is refused for %s', async (query) => {
    expect(await (await play(`thumbnail.jpg?${query}`)).json()).toMatchObject({ code: 'VALIDATION_FAILED' })
  })
})

describe('a preview', () => {
  it.each(['webp', 'gif'])('as %s shows frames from the whole video', async (format) => {
    const found = await sharp(await picture(await play(`preview.${format}?width=160`)), { animated: true }).metadata()
    expect(found).toMatchObject({ format, pages: 3, width: 160, pageHeight: 90, loop: 0 })
  })
})

describe('a still', () => {
  type Answer = Output<typeof mediaContract.prepareStill>
  const storageKey = keys.still(videoId, randomUUID(), 1, 'webp')
  const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code]

  it('that is there is sent at once, with a tag, and may be kept for long', async () => {
    await store.put(
      storageKey,
      await sharp(await sprite('red', 'blue'))
        .webp()
        .toBuffer(),
    )
    const asked: unknown[] = []
    media.on.prepareStill = async ({ reference: _, ...rest }) => {
      asked.push(rest)
      return { status: 'ready', storageKey }
    }
    const expiresAt = new Date(Date.now() + 60_000).toISOString()
    const answer = await play('frame.webp?time=1.25&width=320', { expiresAt })
    expect(answer.headers.get('content-type')).toBe('image/webp')
    expect(answer.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
    expect(answer.headers.get('etag')).toMatch(/^"/)
    expect(await picture(answer)).toEqual(await store.get(storageKey))
    expect(asked).toEqual([{ time: 1.25, width: 320, format: 'webp', make: false }])
    expect((await play('frame.jpg')).headers.get('cache-control')).toContain('public, max-age=3600')
  })

  it('that must be made is waited for, until media says that its task has ended', async () => {
    const stillId = randomUUID()
    const made = { is: false, asked: [] as boolean[] }
    media.on.prepareStill = async ({ make }): Promise<Answer> => {
      made.asked.push(make)
      if (made.is) return { status: 'ready', storageKey }
      if (!make) return { status: 'absent' }
      // The event may come before this answer, or after it.
      made.is = true
      await media.say(events['video.still-ended'], stillId, 1, { videoId, stillId })
      return { status: 'making', stillId }
    }
    const from = performance.now()
    expect((await play('frame.webp?time=7')).status).toBe(200)
    expect(made.asked).toEqual([false, true, false])
    expect(performance.now() - from).toBeLessThan(4000)
  })

  it('that no worker makes is 503 after some seconds, as is one that failed', async () => {
    const stillId = randomUUID()
    let ended = false
    media.on.prepareStill = async ({ make }): Promise<Answer> =>
      ended && !make ? { status: 'absent' } : { status: 'making', stillId }
    const answer = await play('frame.avif?time=1')
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2'])
    expect(await answer.json()).toMatchObject({ code: 'STILL_NOT_READY', retryable: true })
    ended = true
    await media.say(events['video.still-ended'], stillId, 1, { videoId, stillId })
    expect(await codeOf(await play('frame.avif?time=1'))).toEqual([503, 'STILL_FAILED'])
  })

  it.each<[string, number, string]>(
    [
      ...['time=-1', 'time=', 'time=1e3', 'time=0x10', 'time=99999999', 'time=NaN'].map((query) => [query] as const),
      ...['width=0', 'width=15', 'width=7681', 'width=1.5', 'width=', 'width=1&width=2', 'height=9'].map(
        (query) => [query] as const,
      ),
    ].map(([query]) => [query, 400, 'VALIDATION_FAILED']),
  )('is refused for %s', async (query, ...refusal) => {
    expect(await codeOf(await play(`frame.jpg?${query}`))).toEqual(refusal)
  })

  it('that the video does not have, or not yet, is told by media', async () => {
    for (const code of ['FRAME_NOT_FOUND', 'VIDEO_NOT_READY'] as const) {
      media.on.prepareStill = async () => {
        throw new AppError(code)
      }
      expect((await codeOf(await play('frame.jpg?time=9')))[1]).toBe(code)
    }
    expect(await codeOf(await play('frame.png'))).toEqual([400, 'VALIDATION_FAILED'])
  })
})

describe('captions', () => {
  const id = randomUUID()
  const key = `${keys.videoFolder(id)}/captions-${randomUUID()}.vtt`
  const send = (body: string | Uint8Array, headers: Record<string, string> = {}, query = '') =>
    request(`/v1/videos/${id}/captions/pt-BR${query}`, {
      method: 'PUT',
      headers: { ...signedIn(), 'content-type': 'text/vtt', ...headers },
      body,
    })
  const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code]

  it('are passed to media as text, with their label', async () => {
    media.on.putCaptions = async ({ videoId: _, text, lang, label = '' }) => {
      const flags = { fromSource: false, automatic: false, forced: false, sdh: false, warnings: [] }
      return { lang, label: `${label}: ${text}`, cues: 1, ...flags, createdAt: new Date().toISOString() }
    }
    const answer = await send('WEBVTT é', {}, '?label=Brasil')
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ lang: 'pt-BR', label: 'Brasil: WEBVTT é' })
  })

  it('in another encoding than UTF-8 are passed on as UTF-8, which the answer tells', async () => {
    const seen: string[] = []
    media.on.putCaptions = async ({ text, lang }) => {
      seen.push(text)
      return {
        lang,
        label: '',
        cues: 1,
        ...{ fromSource: false, automatic: false, forced: false, sdh: false },
        createdAt: new Date().toISOString(),
        warnings: [],
      }
    }
    const text = '1\r\n00:00:01,000 --> 00:00:02,000\r\nNão há “coração”\r\n'
    const windows = Buffer.from(text.replace('“', '\x93').replace('”', '\x94'), 'latin1')
    for (const [bytes, encoding] of [
      [windows, 'Windows-1252'],
      [Buffer.from(text, 'utf16le'), 'UTF-16LE'],
      [Buffer.from(`\ufeff${text}`, 'utf16le').swap16(), 'UTF-16BE'],
    ] as const) {
      const answer = (await (await send(bytes)).json()) as object
      expect(answer).toMatchObject({
        warnings: [{ code: 'CAPTIONS_ENCODING', detail: expect.stringContaining(encoding) }],
      })
    }
    expect(seen).toEqual([text, text, text])
    expect(await (await send(text)).json()).toMatchObject({ warnings: [] })
  })

  it('are refused without a call to media if they are not text, too large or have an invalid label', async () => {
    const before = media.calls.putCaptions
    expect(await codeOf(await send(Buffer.from([0xff, 0xfe, 0x41])))).toEqual([422, 'CAPTIONS_INVALID'])
    expect(await codeOf(await send('x'.repeat(1024 * 1024 + 1)))).toEqual([413, 'BODY_TOO_LARGE'])
    expect(await codeOf(await send('x', { 'content-type': 'video/mp4' }))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
    expect(await codeOf(await send('x', {}, '?label=a%22b'))).toEqual([400, 'VALIDATION_FAILED'])
    expect(media.calls.putCaptions).toBe(before)
  })

  it('are served by language in any case, and as the file that playlists name', async () => {
    await store.put(key, 'WEBVTT\n')
    const fields = { videoId: id, captions: [{ lang: 'pt-BR', key }] }
    for (const path of ['captions/pt-BR.vtt', 'captions/PT-br.vtt', key.slice(key.lastIndexOf('/') + 1)]) {
      const answer = await play(path, fields)
      expect(answer.headers.get('content-type')).toBe('text/vtt; charset=utf-8')
      expect(await answer.text()).toBe('WEBVTT\n')
    }
    expect(await codeOf(await play('captions/en.vtt', fields))).toEqual([404, 'FILE_NOT_FOUND'])
    expect(await codeOf(await play('chapters.vtt', fields))).toEqual([404, 'FILE_NOT_FOUND'])
    expect((await play('chapters.vtt', { videoId: id, chaptersKey: key })).status).toBe(200)
  })
})
