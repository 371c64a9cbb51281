import { randomUUID } from 'node:crypto'
import { media } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { describe, expect, it, test } from 'vitest'
import { connectGateway, SOURCE, someUser, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world, { MAX_UPLOAD_BYTES: 5000 })
await startTestMedia(world, { MAX_UPLOAD_BYTES: 5000 })
const gateway = await connectGateway(world)
const { call, createVideo } = gateway
const owner = someUser()

async function begin(videoId: string) {
  const upload = await call(media.beginUpload, uploadOf(videoId), owner)
  await ctx.store.put(upload.storageKey, 'bytes')
  return { videoId, uploadId: upload.uploadId, storageKey: upload.storageKey, ...SOURCE }
}

async function tasksOf(videoId: string) {
  return await ctx.db.selectFrom('tasks').selectAll().where('video_id', '=', videoId).execute()
}

test('an upload may begin when type and size are allowed, whatever its name is', async () => {
  const { id } = await createVideo(owner)
  const ask = (change: object) => call(media.beginUpload, { ...uploadOf(id), ...change }, owner)
  const begun = await ask({})
  expect(begun).toMatchObject({ maxBytes: 1000, storageKey: keys.source(id, begun.uploadId), video: { id } })
  await ask({ bytes: null, contentType: null, filename: null })
  await expect(ask({ contentType: 'text/html' })).rejects.toMatchObject({ code: 'SOURCE_TYPE_UNSUPPORTED' })
  for (const filename of ['00001.MTS', 'Holiday 12.03.2024', 'VTS_01_1.VOB', 'a.']) await ask({ filename })
  await expect(ask({ bytes: 5001 })).rejects.toMatchObject({ code: 'UPLOAD_TOO_LARGE' })
})

test('the same upload told ten times at once is one upload with one probe', async () => {
  const { id } = await createVideo(owner)
  const upload = await begin(id)
  const told = await Promise.all(Array.from({ length: 10 }, () => call(media.completeUpload, upload, owner)))
  expect(new Set(told.map((video) => video.status))).toEqual(new Set(['uploaded']))
  expect(await tasksOf(id)).toHaveLength(1)
  expect(await ctx.store.stat(upload.storageKey)).not.toBeNull()
})

test('of two uploads that end at once one wins, and the file of the other is removed', async () => {
  const { id } = await createVideo(owner)
  const uploads = [await begin(id), await begin(id)]
  const outcomes = await Promise.allSettled(uploads.map((upload) => call(media.completeUpload, upload, owner)))
  expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected'])
  const [winner, loser] = outcomes[0]?.status === 'fulfilled' ? uploads : uploads.toReversed()
  expect(outcomes.find((outcome) => outcome.status === 'rejected')).toMatchObject({
    reason: { code: 'SOURCE_ALREADY_UPLOADED' },
  })
  await until(async () => (await ctx.store.stat(loser?.storageKey ?? '')) === null)
  expect(await ctx.store.stat(winner?.storageKey ?? '')).not.toBeNull()
  expect(await tasksOf(id)).toHaveLength(1)
  await expect(call(media.beginUpload, uploadOf(id), owner)).rejects.toMatchObject({ code: 'SOURCE_ALREADY_UPLOADED' })
})

test('a file that was not written for this upload is not accepted', async () => {
  const { id } = await createVideo(owner)
  const upload = { ...(await begin(id)), storageKey: keys.source(randomUUID(), randomUUID()) }
  await expect(call(media.completeUpload, upload, owner)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
})

describe('a receipt that a gateway left behind', () => {
  async function leave(receipt: { uploadId: string; userId: string | null }): Promise<void> {
    await ctx.store.put(keys.receipt(receipt.uploadId), JSON.stringify(receipt))
    await until(async () => (await ctx.store.stat(keys.receipt(receipt.uploadId))) === null)
  }

  it('is registered as if it had been told', async () => {
    const { id } = await createVideo(owner)
    const upload = await begin(id)
    await leave({ ...upload, userId: owner.userId })
    expect(await gateway.getVideo(id, owner)).toMatchObject({ status: 'uploaded', source: { bytes: 1000 } })
    // The gateway did reach media after all.
    await call(media.completeUpload, upload, owner)
    expect(await tasksOf(id)).toHaveLength(1)
  })

  it('of a video that is gone removes the file', async () => {
    const { id } = await createVideo(owner)
    const upload = await begin(id)
    await call(media.deleteVideo, { videoId: id }, owner)
    await ctx.store.put(upload.storageKey, 'bytes')
    await leave({ ...upload, userId: owner.userId })
    await until(async () => (await ctx.store.stat(upload.storageKey)) === null)
  })

  it('that cannot be read is put aside for an operator', async () => {
    const uploadId = randomUUID()
    await leave({ uploadId, userId: null })
    const parked = await ctx.db.selectFrom('parked').selectAll().where('id', '=', uploadId).executeTakeFirst()
    expect(parked).toMatchObject({ origin: 'receipts', error_code: 'VALIDATION_FAILED' })
  })
})
