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
  const put = (body: string | Uint8Array, { query = '', type = 'image/png' } = {}) =>
    request(`/v1/videos/${videoId}/watermark${query}`, {
      method: 'PUT',
      headers: { ...signedIn(), 'content-type': type },
      body,
    })
  return { storageKey, put }
}

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
