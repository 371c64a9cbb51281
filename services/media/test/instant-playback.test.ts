import { media, type Video } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { ANONYMOUS, connectGateway, SOURCE, someUser, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { resultOf, someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const { call } = gateway
const owner = someUser()
const FACTS = someFacts(10, { width: 640, height: 360 })

function box(type: string, ...content: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(content.map((part) => Buffer.from(part)))
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

/** The boxes of an MP4 with H.264, which no player would show. */
const MP4 = Buffer.concat([
  box('ftyp', 'isom', Buffer.alloc(4)),
  box(
    'moov',
    box(
      'trak',
      box(
        'mdia',
        box('hdlr', Buffer.alloc(8), 'vide', Buffer.alloc(12)),
        box(
          'minf',
          box(
            'stbl',
            box('stsd', Buffer.alloc(8), box('avc1', Buffer.alloc(78), box('avcC', Buffer.from([1, 100, 0, 30])))),
          ),
        ),
      ),
    ),
    box('udta', 'a place'),
  ),
  box('mdat', 'frames'),
])

type Fields = { visibility?: Video['visibility']; instantPlayback?: boolean }

async function upload(bytes: Buffer, fields: Fields = {}): Promise<Video> {
  const { id } = await gateway.createVideo(owner, fields)
  const { uploadId, storageKey } = await call(media.beginUpload, uploadOf(id), owner)
  await ctx.store.put(storageKey, bytes)
  const source = { ...SOURCE, bytes: bytes.length }
  return await call(media.completeUpload, { videoId: id, uploadId, storageKey, ...source }, owner)
}

const ask = (reference: string) => call(media.authorizeSource, { reference }, ANONYMOUS)
const referenceIn = ({ playback }: Video) => /\/play\/([^/]+)\/source$/.exec(playback?.sourceUrl ?? '')?.[1] ?? ''
const REFUSED = { code: 'SOURCE_NOT_PLAYABLE' }

describe('a source that browsers play', () => {
  it('is watched by its owner from the answer to the upload on, until the video can be played', async () => {
    const video = await upload(MP4)
    expect(video).toMatchObject({ status: 'uploaded', playable: false, instantPlayback: false })
    const token = referenceIn(video)
    const stored = await ask(token)
    expect(stored).toMatchObject({ contentType: 'video/mp4', blanks: [] })
    expect(await ctx.store.get(stored.storageKey)).toEqual(MP4)
    // No part of it can be had by the id, or with what else the owner may share.
    await expect(ask(video.id)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
    await expect(ask(`${token}x`)).rejects.toMatchObject({ code: 'PLAYBACK_DENIED' })

    await doAllWork(worker, video.id, FACTS)
    const ready = await videoWhen(gateway, owner, video.id, ({ status }) => status === 'ready')
    expect(ready.playback?.sourceUrl).toBeUndefined()
    // A player that has begun with it goes on.
    await ask(token)
    await ctx.db
      .updateTable('videos')
      .set({ ready_at: new Date(Date.now() - 3_600_000) })
      .where('id', '=', video.id)
      .execute()
    await expect(ask(token)).rejects.toMatchObject(REFUSED)
  })

  it('is watched by others where the video says so, without its metadata', async () => {
    const { id } = await upload(MP4, { visibility: 'public' })
    expect((await gateway.getVideo(id, ANONYMOUS)).playback).toBeNull()
    await expect(ask(id)).rejects.toMatchObject(REFUSED)
    await call(media.updateVideo, { videoId: id, instantPlayback: true }, owner)
    const theirs = await gateway.getVideo(id, ANONYMOUS)
    expect(theirs).toMatchObject({
      instantPlayback: true,
      playback: { sourceUrl: `https://kinora.test/play/${id}/source` },
    })
    const { blanks } = await ask(id)
    const place = MP4.indexOf('a place')
    expect(blanks.some(({ at, bytes }) => at <= place && at + bytes >= place + 7)).toBe(true)
    // The owner's own link has all of it.
    expect((await ask(referenceIn(await gateway.getVideo(id, owner)))).blanks).toEqual([])
    await call(media.updateVideo, { videoId: id, visibility: 'private' }, owner)
    await expect(ask(id)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  })

  it('is never that of a video that failed, of a clip, or under a watermark', async () => {
    const failed = await upload(MP4, { visibility: 'public', instantPlayback: true })
    const token = referenceIn(await gateway.getVideo(failed.id, owner))
    const cause = { class: 'input', code: 'SOURCE_OVER_LIMIT', detail: 'Too large.' } as const
    await worker.fail(await worker.take(failed.id, 'probe'), cause)
    await videoWhen(gateway, owner, failed.id, ({ status }) => status === 'failed')
    for (const reference of [failed.id, token]) await expect(ask(reference)).rejects.toMatchObject(REFUSED)
    expect((await gateway.getVideo(failed.id, owner)).playback).toBeNull()

    const marked = await upload(MP4, { visibility: 'public', instantPlayback: true })
    const watermark = JSON.stringify({ key: 'videos/x/watermark-1.png' })
    await ctx.db.updateTable('videos').set({ watermark }).where('id', '=', marked.id).execute()
    await expect(ask(marked.id)).rejects.toMatchObject(REFUSED)

    const whole = await upload(MP4)
    await doAllWork(worker, whole.id, FACTS)
    await videoWhen(gateway, owner, whole.id, ({ status }) => status === 'ready')
    const clip = await call(media.createClip, { videoId: whole.id, start: 1, end: 2 }, owner)
    expect(clip.playback).toBeNull()
  })

  it('ends for links with the height of a smaller rendition, which must not show more', async () => {
    const { id } = await upload(MP4, { instantPlayback: true })
    for (const kind of ['probe', 'video', 'audio'] as const) {
      const task = await worker.take(id, kind)
      await worker.finish(task, resultOf(task.work, task.outputKey, FACTS))
    }
    await until(async () => (await gateway.getVideo(id, owner)).playable)
    const { token } = await call(media.createPlaybackToken, { videoId: id, maxHeight: 240 }, owner)
    await expect(ask(token)).rejects.toMatchObject(REFUSED)
    const link = await call(media.createPlaybackToken, { videoId: id }, owner)
    expect((await ask(link.token)).blanks.length).toBeGreaterThan(0)
    await call(media.revokePlaybackToken, { videoId: id, tokenId: link.id }, owner)
    await expect(ask(link.token)).rejects.toMatchObject({ code: 'PLAYBACK_DENIED' })
  })

  it('that they do not play, or whose file is not there, is processed as ever', async () => {
    const video = await upload(Buffer.from('<!doctype html><script>alert(1)</script>'))
    expect(video).toMatchObject({ status: 'uploaded', playback: null })
    expect((await gateway.upload(owner)).playback).toBeNull()
  })
})
