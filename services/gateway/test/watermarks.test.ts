import { randomUUID } from 'node:crypto'
import { AppError } from '@kinora/common/errors'
import { keys, openStore } from '@kinora/common/storage'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { useGateway } from './support/use-gateway.ts'

const { world, media, request, signedIn } = await useGateway()
const store = await openStore(world.storageUrl)
const PNG = await sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } })
  .png()
  .toBuffer()

/** A video; media returns the storage key for its image. */
function someVideo() {
  const [videoId, pictureId] = [randomUUID(), randomUUID()]
  const storageKey = keys.watermark(videoId, pictureId)
  media.on.beginWatermark = async () => ({ pictureId, storageKey })
  media.on.putWatermark = async ({ videoId: _, pictureId: __, ...watermark }) => {
    expect(await store.stat(storageKey)).not.toBeNull()
    return { ...watermark, createdAt: new Date().toISOString() }
  }
  const put = (body: string | Uint8Array, { query = '', type = 'image/png', userId = randomUUID() } = {}) =>
    request(`/v1/videos/${videoId}/watermark${query}`, {
      method: 'PUT',
      headers: { ...signedIn(userId), 'content-type': type },
      body,
    })
  return { storageKey, put }
}

const folderKey = keys.attempt(randomUUID(), randomUUID(), 1)
await store.put(`${folderKey}/sprite-0.jpg`, await sharp(PNG).resize(480, 90, { fit: 'fill' }).jpeg().toBuffer())
media.grants.set('board', {
  videoId: randomUUID(),
  storyboard: { interval: 1, count: 3, columns: 3, rows: 1, width: 160, height: 90, folderKey },
  ...{
    tokenId: null,
    maxHeight: null,
    download: false,
    posterKey: null,
    captions: [],
    chaptersKey: null,
    expiresAt: null,
  },
})
const thumbnail = (time: number) => request(`/play/board/thumbnail.webp?time=${time}&width=160`)
const statusesOf = async (answers: Promise<Response>[]) => (await Promise.all(answers)).map(({ status }) => status)

const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code]

describe('a watermark', () => {
  it('is stored as PNG before it is registered, and the response describes it', async () => {
    const { put, storageKey } = someVideo()
    const answer = await put(await sharp(PNG).webp().toBuffer(), {
      type: 'image/webp',
      query: '?position=top-left&opacity=0.4&width=12.5',
    })
    expect(answer.status).toBe(200)
    const kept = await store.get(storageKey)
    const picture = { width: 40, height: 20, bytes: kept.length }
    expect(await answer.json()).toMatchObject({ position: 'top-left', opacity: 0.4, width: 12.5, picture })
    expect(await sharp(kept).metadata()).toMatchObject({ format: 'png', channels: 4 })
  })

  it('is opaque and at the bottom right by default', async () => {
    const answer = await someVideo().put(PNG)
    expect(await answer.json()).toMatchObject({ position: 'bottom-right', opacity: 1, width: 10 })
  })

  it('is refused, and not stored, if it is not an image, too large or has an invalid placement', async () => {
    const { put, storageKey } = someVideo()
    const before = media.calls.putWatermark
    expect(await codeOf(await put('no picture'))).toEqual([422, 'WATERMARK_INVALID'])
    const bomb = Buffer.from(PNG)
    bomb.writeUInt32BE(30_000, 16)
    expect(await codeOf(await put(bomb))).toEqual([422, 'WATERMARK_INVALID'])
    expect(await codeOf(await put(Buffer.alloc(2 * 1024 * 1024 + 1)))).toEqual([413, 'BODY_TOO_LARGE'])
    expect(await codeOf(await put(PNG, { type: 'image/gif' }))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
    for (const query of ['position=middle', 'opacity=0', 'opacity=1.1', 'width=0.5', 'width=51', 'width=wide', 'x=1']) {
      expect(await codeOf(await put(PNG, { query: `?${query}` }))).toEqual([400, 'VALIDATION_FAILED'])
    }
    expect(media.calls.putWatermark).toBe(before)
    expect(await store.stat(storageKey)).toBeNull()
  })

  it('is decoded one at a time for each account, and delays no pictures of videos', async () => {
    const large = await sharp({ create: { width: 4000, height: 3900, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const greedy = randomUUID()
    const { put } = someVideo()
    const answers = Array.from({ length: 60 }, () => put(large, { userId: greedy }))
    const others = Array.from({ length: 8 }, () => put(large))
    // Meanwhile.
    expect(await statusesOf(Array.from({ length: 20 }, (_, at) => thumbnail(at % 3)))).toEqual(Array(20).fill(200))
    expect(await statusesOf(others)).toEqual(Array(8).fill(200))
    const refused = (await Promise.all(answers)).filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(50)
    for (const one of refused) {
      expect(one.headers.get('retry-after')).toBe('1')
      expect(await codeOf(one)).toEqual([429, 'RATE_LIMITED'])
    }
    // The place is free again.
    expect((await put(PNG, { userId: greedy })).status).toBe(200)
  }, 60_000)

  it('that media refuses is not read, or its image is removed', async () => {
    const { put, storageKey } = someVideo()
    media.on.putWatermark = async () => {
      throw new AppError('WATERMARK_TOO_LATE')
    }
    expect(await codeOf(await put(PNG))).toEqual([409, 'WATERMARK_TOO_LATE'])
    expect(await store.stat(storageKey)).toBeNull()
    media.on.beginWatermark = async () => {
      throw new AppError('VIDEO_NOT_FOUND')
    }
    expect(await codeOf(await put('no picture'))).toEqual([404, 'VIDEO_NOT_FOUND'])
  })
})
