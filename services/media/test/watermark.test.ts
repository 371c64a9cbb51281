import type { Input } from '@kinora/common/contract'
import { media, type Video, type Watermark } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { auditVideo } from '../src/operations/storage-audit/audit-video.ts'
import { connectGateway, SOURCE, someUser, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()
const { call } = gateway

const PLACE = { position: 'top-left', opacity: 0.5, width: 20 } as const
const PICTURE = { width: 40, height: 20, bytes: 5 }
/** Without a mark it would be copied. */
const FACTS = someFacts(4, { width: 320, height: 240, copyable: { peakBitrate: 100_000 } }, false)

/** As a gateway does it: asks, stores the picture, and says so. */
async function put(videoId: string, actor = owner): Promise<{ watermark: Watermark; storageKey: string }> {
  const { pictureId, storageKey } = await call(media.beginWatermark, { videoId }, actor)
  await ctx.store.put(storageKey, 'a mark')
  const input: Input<typeof media.putWatermark> = { videoId, pictureId, picture: PICTURE, ...PLACE }
  return { watermark: await call(media.putWatermark, input, actor), storageKey }
}

async function addSource(videoId: string): Promise<Video> {
  const { uploadId, storageKey } = await call(media.beginUpload, uploadOf(videoId), owner)
  await ctx.store.put(storageKey, 'the source')
  return await call(media.completeUpload, { videoId, uploadId, storageKey, ...SOURCE }, owner)
}

const get = (videoId: string) => call(media.getWatermark, { videoId }, owner)
const remove = (videoId: string) => call(media.deleteWatermark, { videoId }, owner)
const isGone = (key: string) => until(async () => (await ctx.store.stat(key)) === null)

describe('a watermark', () => {
  it('can be put, replaced and taken away until the source is there, and its pictures go', async () => {
    const { id } = await gateway.createVideo(owner)
    await expect(get(id)).rejects.toMatchObject({ code: 'WATERMARK_NOT_FOUND' })
    const first = await put(id)
    expect(first.watermark).toEqual({ ...PLACE, picture: PICTURE, createdAt: expect.any(String) })
    const second = await put(id)
    expect(await get(id)).toEqual(second.watermark)
    await isGone(first.storageKey)
    await remove(id)
    await isGone(second.storageKey)
    await expect(remove(id)).rejects.toMatchObject({ code: 'WATERMARK_NOT_FOUND' })
  })

  it('goes into every task that makes pictures of the source, and stays as it is from then on', async () => {
    const { id } = await gateway.createVideo(owner)
    const { watermark, storageKey } = await put(id)
    await addSource(id)
    await expect(put(id)).rejects.toMatchObject({ code: 'WATERMARK_TOO_LATE' })
    await expect(remove(id)).rejects.toMatchObject({ code: 'WATERMARK_TOO_LATE' })
    const tasks = await doAllWork(worker, id, FACTS)
    const overlay = { pictureKey: storageKey, ...PLACE }
    const drawing = tasks.filter(({ work }) => work.kind === 'video' || work.kind === 'poster')
    expect(drawing.map(({ work }) => work)).toEqual(drawing.map(() => expect.objectContaining({ watermark: overlay })))
    expect(drawing.length).toBeGreaterThan(1)
    expect(drawing.filter(({ work }) => 'copied' in work)).toEqual([])
    expect(await get(id)).toEqual(watermark)
  })

  it('that is put while the source comes is in the video, or refused', async () => {
    for (const attempt of [1, 2, 3]) {
      const { id } = await gateway.createVideo(owner)
      const { pictureId, storageKey } = await call(media.beginWatermark, { videoId: id }, owner)
      await ctx.store.put(storageKey, `mark ${attempt}`)
      const putting = call(media.putWatermark, { videoId: id, pictureId, picture: PICTURE, ...PLACE }, owner)
      const [answer] = await Promise.all([putting.catch(({ code }) => code as string), addSource(id)])
      const probe = await worker.take(id, 'probe')
      await worker.finish(probe, { kind: 'probe', facts: FACTS })
      const { work } = await worker.take(id, 'video')
      expect('watermark' in work, String(answer)).toBe(answer !== 'WATERMARK_TOO_LATE')
    }
  })

  it('is in a clip too, which keeps a picture of its own', async () => {
    const { id } = await gateway.createVideo(owner)
    const { storageKey, watermark } = await put(id)
    await addSource(id)
    await doAllWork(worker, id, FACTS)
    await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
    const clip = await call(media.createClip, { videoId: id, start: 1, end: 3 }, owner)
    expect(await get(clip.id)).toEqual(watermark)
    await call(media.deleteVideo, { videoId: id }, owner)
    await isGone(storageKey)
    const probe = await worker.take(clip.id, 'probe')
    await worker.finish(probe, { kind: 'probe', facts: FACTS })
    const { work } = await worker.take(clip.id, 'video')
    const pictureKey = work.kind === 'video' ? (work.watermark?.pictureKey ?? '') : ''
    expect(pictureKey).toMatch(new RegExp(`^videos/${clip.id}/watermark-`))
    expect((await ctx.store.get(pictureKey)).toString()).toBe('a mark')
  })

  it('is no concern of anybody else', async () => {
    const { id } = await gateway.createVideo(owner)
    const stranger = someUser()
    await put(id)
    const answers = await Promise.allSettled([
      call(media.beginWatermark, { videoId: id }, stranger),
      call(media.getWatermark, { videoId: id }, stranger),
      call(media.deleteWatermark, { videoId: id }, stranger),
      call(media.putWatermark, { videoId: id, pictureId: id, picture: PICTURE, ...PLACE }, stranger),
    ])
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'VIDEO_NOT_FOUND' } })
    }
  })

  it('whose picture is missing is found by the audit of storage', async () => {
    const { id } = await gateway.createVideo(owner)
    const { storageKey } = await put(id)
    expect(await auditVideo(ctx, id, Date.now())).toEqual([])
    await ctx.store.remove(storageKey)
    const missing = { problem: 'missing', what: 'watermark', videoId: id, files: 1, example: storageKey }
    expect(await auditVideo(ctx, id, Date.now())).toMatchObject([missing])
  })
})
