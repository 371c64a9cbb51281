import { type ClaimedTask, causeOf, media, type SourceFacts } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { connectGateway, SOURCE, someUser, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { someFacts } from './support/results.ts'
import { connectWorker, folderOf } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const { call, createVideo, getVideo } = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

const SHARE = 1 / 4
const whole = someFacts(90)
const beginning = someFacts(90 * SHARE)

/** An upload of which the beginning has come. */
async function begin(videoId: string) {
  const { uploadId, storageKey } = await call(media.beginUpload, uploadOf(videoId), owner)
  await ctx.store.put(keys.beginning(videoId, uploadId), 'the first bytes')
  const start = () => call(media.beginHeadStart, { uploadId, bytes: SOURCE.bytes * SHARE }, owner)
  const complete = () => call(media.completeUpload, { videoId, uploadId, storageKey, ...SOURCE }, owner)
  return { uploadId, start, complete }
}

async function probed(videoId: string, facts: SourceFacts): Promise<ClaimedTask> {
  const probe = await worker.take(videoId, 'probe')
  await worker.finish(probe, { kind: 'probe', facts })
  return probe
}

/** A video whose beginning was probed while it still arrives, and whose first segments a worker has begun with. */
async function headStarted() {
  const { id } = await createVideo(owner)
  const upload = await begin(id)
  await upload.start()
  await probed(id, beginning)
  return { id, upload, head: await worker.take(id, 'video') }
}

async function stateOf({ taskId }: ClaimedTask): Promise<string> {
  return (await ctx.db.selectFrom('tasks').select('state').where('id', '=', taskId).executeTakeFirstOrThrow()).state
}

const untilDone = (task: ClaimedTask) => until(async () => (await stateOf(task)) === 'done')
const untilPlayable = (videoId: string) => until(async () => (await getVideo(videoId, owner)).playable)

async function isStored(folder: string): Promise<boolean> {
  for await (const _ of ctx.store.list(folder)) return true
  return false
}

test('the first segments are made while the upload goes on, and count when the whole source asks for the same', async () => {
  const { id } = await createVideo(owner)
  const upload = await begin(id)
  expect(await upload.start()).toEqual({ wanted: true })
  expect((await probed(id, beginning)).work).toMatchObject({ sourceKey: keys.beginning(id, upload.uploadId) })
  const head = await worker.take(id, 'video')
  // As long as the head of 90 seconds, not as that of a quarter of it.
  expect(head.work).toMatchObject({ rungs: [{ name: '240p' }], chunk: { startFrame: 0, frameCount: 360 } })
  await worker.finish(head)
  await untilDone(head)
  // Nothing of it is to be seen before the source is there.
  expect(await getVideo(id, owner)).toMatchObject({ status: 'awaiting_upload', playable: false, playback: null })

  expect(await upload.complete()).toMatchObject({ status: 'uploaded', playable: false, progress: { percent: 0 } })
  await until(async () => !(await isStored(keys.pieces(id, upload.uploadId))))
  await probed(id, whole)
  await worker.finish(await worker.take(id, 'audio'))
  await untilPlayable(id)
  expect((await ctx.store.get(keys.playlist(id, '240p.m3u8'))).toString()).toContain(`${head.taskId}-${head.attempt}/`)
  // What is left begins behind it.
  expect((await worker.take(id, 'video')).work).toMatchObject({
    rungs: [{ name: '240p', firstSegment: 4 }, {}, {}, {}],
  })
})

test('a head start that is still running goes on as the task of the plan, and is repeated from the source if it is lost', async () => {
  const { id, upload, head } = await headStarted()
  const { source } = await upload.complete()
  expect(source).toMatchObject({ sha256: SOURCE.sha256 })
  await probed(id, whole)
  await worker.finish(await worker.take(id, 'audio'))
  await worker.release(head)
  const again = await worker.take(id, 'video', 'short')
  expect(again).toMatchObject({ taskId: head.taskId, attempt: head.attempt + 1 })
  expect(again.work).toMatchObject({ sourceKey: keys.source(id, upload.uploadId), facts: { durationSeconds: 90 } })
  await worker.finish(again)
  await untilPlayable(id)
})

test('what was made of a beginning that lies about the whole is dropped', async () => {
  const { id, upload, head } = await headStarted()
  await worker.finish(head)
  await untilDone(head)
  await upload.complete()
  await probed(id, someFacts(90, { frameRate: { num: 25, den: 1 }, frameCount: 2250 }))
  const other = await worker.take(id, 'video', 'short')
  expect(other.taskId).not.toBe(head.taskId)
  expect(await stateOf(head)).toBe('cancelled')
  await until(async () => !(await isStored(folderOf(head))))
})

test.each([
  ['fails', (task: ClaimedTask) => worker.fail(task, causeOf('SOURCE_CORRUPT'))],
  ['finds too little', (task: ClaimedTask) => worker.finish(task, { kind: 'probe', facts: someFacts(5) })],
])('a probe of the beginning that %s does the video no harm', async (_, end) => {
  const { id } = await createVideo(owner)
  const upload = await begin(id)
  await upload.start()
  const probe = await worker.take(id, 'probe')
  await end(probe)
  await until(async () => (await stateOf(probe)) !== 'running')
  expect(await getVideo(id, owner)).toMatchObject({ status: 'awaiting_upload', error: null })
  await upload.complete()
  await probed(id, whole)
  const head = await worker.take(id, 'video', 'short')
  expect(head.work).toMatchObject({ sourceKey: keys.source(id, upload.uploadId) })
})

test('an upload that is given up takes its head start along; one that is complete needs none', async () => {
  const { id, upload, head } = await headStarted()
  await call(media.abandonUpload, { uploadId: upload.uploadId }, owner)
  expect(await stateOf(head)).toBe('cancelled')
  await until(async () => !(await isStored(keys.pieces(id, upload.uploadId))))

  const second = await begin(id)
  await second.complete()
  expect(await second.start().catch(({ code }) => code)).toBe('UPLOAD_NOT_FOUND')
  const stranger = someUser()
  const { id: other } = await createVideo(owner)
  const { uploadId } = await begin(other)
  await expect(call(media.beginHeadStart, { uploadId, bytes: 1 }, stranger)).rejects.toMatchObject({
    code: 'UPLOAD_NOT_FOUND',
  })
})
