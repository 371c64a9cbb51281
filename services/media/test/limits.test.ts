import { media } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it, test } from 'vitest'
import { connectAuditLog } from './support/audit-records.ts'
import { connectGateway, SOURCE, someUser, type UserActor, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const LIMITS = { MAX_UPLOAD_BYTES: 2000, QUOTA_BYTES: 2500, QUOTA_MINUTES: 10, MAX_VIDEO_SECONDS: 400 }
const { ctx } = await startTestMedia(world, LIMITS)
await startTestMedia(world, LIMITS)
const gateway = await connectGateway(world)
const auditRecords = await connectAuditLog(world)
const { call, createVideo } = gateway
const worker = await connectWorker(world, ctx)
const admin: UserActor = { ...someUser(), role: 'admin' }

const usageOf = (owner: UserActor) => call(media.getUsage, {}, owner)

/** Begins an upload of 1000 bytes; with `resumable`, one in pieces. */
async function begin(owner: UserActor, { bytes = 1000, resumable = false } = {}) {
  const { id } = await createVideo(owner)
  const file = { filename: 'sea.mp4', contentType: 'video/mp4' }
  if (resumable) return await call(media.createUpload, { ...file, videoId: id, bytes, metadata: null }, owner)
  const begun = await call(media.beginUpload, { ...file, videoId: id, bytes }, owner)
  return { ...begun, videoId: id }
}

describe('room for bytes', () => {
  it('is kept for uploads that are under way: of many that begin at once no more begin than fit', async () => {
    const owner = someUser()
    const tries = Array.from({ length: 8 }, (_, i) => begin(owner, { resumable: i % 2 === 0 }))
    const outcomes = await Promise.allSettled(tries)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    const refused = outcomes.find((outcome) => outcome.status === 'rejected')
    expect(refused?.reason).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      detail: 'The project uses 2000 of 2500 bytes; the file needs 1000 more',
    })
    expect(await usageOf(owner)).toMatchObject({ bytes: 2000, uploads: 2, limits: { storedBytes: 2500 } })
  })

  it('is given back by uploads that are given up or expire, and by videos that are deleted', async () => {
    const owner = someUser()
    const [single, resumable] = [await begin(owner), await begin(owner, { resumable: true })]
    await call(media.abandonUpload, { uploadId: single.uploadId }, owner)
    expect((await usageOf(owner)).bytes).toBe(1000)
    await sql`update uploads set expires_at = now() where id = ${resumable.uploadId}`.execute(ctx.db)
    await until(async () => (await usageOf(owner)).bytes === 0)

    const video = await gateway.upload(owner)
    expect(await usageOf(owner)).toMatchObject({ bytes: SOURCE.bytes, uploads: 0 })
    await call(media.deleteVideo, { videoId: video.id }, owner)
    expect((await usageOf(owner)).bytes).toBe(0)
  })

  it('is all that is left for an upload that does not say how long it is', async () => {
    const owner = someUser()
    await begin(owner)
    const { id } = await createVideo(owner)
    const begun = await call(media.beginUpload, { ...uploadOf(id), bytes: null }, owner)
    expect(begun.maxBytes).toBe(1500)
  })

  it('of an upload in pieces can be lost before its end', async () => {
    const owner = someUser()
    const { uploadId } = await begin(owner, { resumable: true })
    await call(media.updateUserLimits, { userId: owner.userId, storedBytes: 999 }, admin)
    const next = call(media.beginPiece, { uploadId, offset: 0 }, owner)
    await expect(next).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })
})

test('an administrator gives an owner other limits, and takes them back', async () => {
  const owner = someUser()
  const { userId } = owner
  const own = { userId, uploadBytes: 2300 }
  expect((await call(media.updateUserLimits, own, admin)).limits).toMatchObject({
    uploadBytes: 2300,
    storedBytes: 2500,
  })
  expect((await begin(owner, { bytes: 2300 })).uploadId).toBeDefined()
  await call(media.updateUserLimits, { userId, uploadBytes: null }, admin)
  expect((await call(media.getUserUsage, { userId }, admin)).limits.uploadBytes).toBe(2000)
  await expect(begin(owner, { bytes: 2001 })).rejects.toMatchObject({ code: 'UPLOAD_TOO_LARGE' })
  await expect(call(media.updateUserLimits, own, owner)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(call(media.getUserUsage, { userId }, owner)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const change = { action: 'limits_change', subject: userId, actor: admin }
  await until(() => auditRecords(userId).length === 3)
  const records = auditRecords(userId).toSorted((one, other) => one.action.localeCompare(other.action))
  expect(records).toMatchObject([change, change, { ...change, action: 'usage_read' }])
})

describe('the length of a video, known after the probe', () => {
  async function probe(owner: UserActor, durationSeconds: number) {
    const { id } = await gateway.upload(owner)
    const task = await worker.take(id)
    await worker.finish(task, { kind: 'probe', facts: someFacts(durationSeconds) })
    const video = await until(async () => {
      const found = await gateway.getVideo(id, owner)
      return (found.status === 'failed' || found.source?.durationSeconds != null) && found
    })
    return video
  }

  it('fails a video that is too long, with the figures', async () => {
    const video = await probe(someUser(), 401)
    expect(video.error).toEqual({
      code: 'VIDEO_TOO_LONG',
      detail: 'The video is 401 s long; at most 400 s are allowed',
    })
  })

  it('fails a video for which there are not enough minutes', async () => {
    const owner = someUser()
    expect((await probe(owner, 350)).error).toBeNull()
    expect((await probe(owner, 350)).error).toMatchObject({ code: 'QUOTA_EXCEEDED' })
    expect((await usageOf(owner)).minutes).toBeCloseTo(350 / 60)
  })
})

test('a task of an owner who has enough running waits until another one has ended', async () => {
  const owner = someUser()
  await call(media.updateUserLimits, { userId: owner.userId, runningTasks: 1 }, admin)
  const [first, second] = [await gateway.upload(owner), await gateway.upload(owner)]
  const running = await worker.take(first.id)
  await expect(worker.take(second.id)).rejects.toMatchObject({ code: 'TASK_GONE' })
  expect((await usageOf(owner)).runningTasks).toBe(1)
  expect((await gateway.getVideo(second.id, owner)).status).toBe('uploaded')
  await worker.fail(running, { class: 'input', code: 'SOURCE_UNREADABLE', detail: 'no video' })
  expect((await worker.take(second.id)).work.kind).toBe('probe')
})
