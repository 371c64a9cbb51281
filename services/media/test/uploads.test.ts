import { randomUUID } from 'node:crypto'
import type { Input } from '@kinora/common/contract'
import { type ClaimedTask, media, type TaskCause } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it, test } from 'vitest'
import { auditVideo } from '../src/operations/storage-audit/audit-video.ts'
import { connectGateway, SOURCE, someUser, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world, { MAX_UPLOAD_BYTES: 5000 })
const { ctx: other } = await startTestMedia(world, { MAX_UPLOAD_BYTES: 5000 })
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const { call, createVideo, getVideo } = gateway
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

const FACTS = someFacts(4, { width: 160, height: 90 })

async function readyVideo(input: Partial<Input<typeof media.createVideo>> = {}): Promise<string> {
  const { id } = await createVideo(owner, input)
  await call(media.completeUpload, await begin(id), owner)
  await processed(id, id)
  await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
  return id
}

/** Does all the work of a row, also what follows its check. */
async function processed(rowId: string, videoId: string): Promise<void> {
  await doAllWork(worker, rowId, FACTS)
  const storyboard = await worker.take(rowId, 'storyboard')
  for (const name of ['master.m3u8', '90p.m3u8'])
    expect(await ctx.store.stat(folderKey(storyboard, name))).not.toBeNull()
  await worker.finish(storyboard)
  if (rowId === videoId) await until(async () => (await tasksOf(rowId)).every(({ state }) => state === 'done'))
}

const folderKey = ({ outputKey }: ClaimedTask, name: string) => outputKey.replace(/[^/]+$/, name)
async function listed(names: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const name of names) all.push(name)
  return all
}

const exists = async (key: string) => (await ctx.store.stat(key)) !== null
const refused = (code: string) => ({ code })
const findSource = (videoId: string) => call(media.findSource, { videoId }, owner)
const timeline = async (videoId: string) => (await call(media.getTimeline, { videoId }, owner)).source
const told = async (videoId: string) => (await timeline(videoId)).map(({ event }) => event)
describe('a source that replaces another', () => {
  const OTHER = { ...SOURCE, filename: 'lake.mp4', sha256: 'b'.repeat(64) }
  const rowOf = async (videoId: string) =>
    (await ctx.db.selectFrom('videos').select('id').where('replaces', '=', videoId).executeTakeFirst())?.id
  const replacing = async (videoId: string, sha256 = OTHER.sha256) => {
    await call(media.completeUpload, { ...(await begin(videoId)), ...OTHER, sha256 }, owner)
    return (await rowOf(videoId)) ?? ''
  }
  const cause: TaskCause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'It is no video.' }
  const failTask = async (videoId: string, kind: string) =>
    await sql`update tasks set state = 'failed', cause = ${JSON.stringify(cause)}
      where video_id = ${videoId} and kind = ${kind}`.execute(ctx.db)
  const grantOf = async (videoId: string) => {
    const { token } = await call(media.createPlaybackToken, { videoId }, owner)
    return await call(media.authorizePlayback, { reference: token }, owner)
  }
  const unknownFilesOf = async (videoId: string) =>
    (await auditVideo(ctx, videoId, Date.now() + 1000)).filter(({ problem }) => problem === 'unknown')

  it('is processed beside it, and takes its place at once when it is ready', async () => {
    const id = await readyVideo({ externalId: 'sea', visibility: 'unlisted' })
    const captions = { videoId: id, lang: 'de', text: 'WEBVTT\n\n00:00.000 --> 00:01.000\nMeer\n' }
    await call(media.putCaptions, captions, owner)
    const before = await until(async () => {
      const grant = await grantOf(id)
      return grant.captions.length === 1 && grant
    })
    const { bytes, videos } = await call(media.getUsage, {}, owner)
    const oldSource = (await findSource(id)).storageKey

    const next = await replacing(id)
    expect(await getVideo(id, owner)).toMatchObject({
      status: 'ready',
      source: SOURCE,
      replacement: { status: 'processing' },
    })
    expect(await call(media.getUsage, {}, owner)).toMatchObject({ bytes: bytes + 1000, videos })
    await expect(getVideo(next, owner)).rejects.toMatchObject(refused('VIDEO_NOT_FOUND'))
    const page = await call(media.listVideos, { limit: 100 }, owner)
    expect(page.items.map((video) => video.id)).not.toContain(next)
    expect(await unknownFilesOf(id)).toEqual([])
    const { tokenId: _, expiresAt: __, ...played } = before
    expect(await grantOf(id)).toMatchObject(played)
    await processed(next, id)

    const video = await videoWhen(gateway, owner, id, ({ replacement }) => replacement === null)
    expect(video).toMatchObject({ status: 'ready', playable: true, externalId: 'sea', visibility: 'unlisted' })
    expect(video).toMatchObject({ title: 'A day at sea', source: OTHER, warnings: [{ code: 'SOURCE_REPLACED' }] })
    const after = await grantOf(id)
    expect(after).toMatchObject({
      version: next,
      captions: [{ lang: 'de', key: expect.stringContaining(`${id}/${next}/`) }],
    })
    for (const key of [after.captions[0]?.key, before.captions[0]?.key]) expect(await exists(key ?? '')).toBe(true)
    const master = (await ctx.store.get(keys.playlist(`${id}/${next}`, 'master.m3u8'))).toString()
    expect(master).toContain('LANGUAGE="de"')
    expect(await call(media.findPassport, { videoId: id }, owner)).toMatchObject({
      storageKey: keys.passport(`${id}/${next}`),
    })
    const passport = JSON.parse((await ctx.store.get(keys.passport(`${id}/${next}`))).toString())
    expect(passport).toMatchObject({ videoId: id, source: { sha256: OTHER.sha256 } })
    expect(await told(id)).toEqual(['replacing', 'replaced'])
    expect(await rowOf(id)).toBeUndefined()

    // The old source goes at once; what players may fetch when its last address has expired.
    await until(async () => !(await exists(oldSource)))
    expect((await call(media.getUsage, {}, owner)).bytes).toBe(bytes)
    expect(await exists(keys.playlist(id, '90p.m3u8'))).toBe(true)
    expect(await unknownFilesOf(id)).toEqual([])
    const pending = await sql<{
      key: string
      hours: number
    }>`select key, extract(epoch from due_at - now())::int / 3600 as hours
      from deletions where key like ${`videos/${id}/%`}`.execute(ctx.db)
    expect(pending.rows.every(({ key, hours }) => hours >= 48 && !key.includes(next))).toBe(true)
    await sql`update deletions set due_at = now() where key like ${`videos/${id}/%`}`.execute(ctx.db)
    await until(async () => (await listed(ctx.store.list(keys.videoFolder(id)))).every((key) => key.includes(next)))
    expect(await unknownFilesOf(id)).toEqual([])

    // And once more: the version is a folder now.
    const last = await replacing(id, 'c'.repeat(64))
    await processed(last, id)
    await videoWhen(gateway, owner, id, ({ replacement }) => replacement === null)
    expect(await grantOf(id)).toMatchObject({ version: last, captions: [{ lang: 'de' }] })
    await call(media.deleteVideo, { videoId: id }, owner)
    await until(async () => (await listed(ctx.store.list(keys.videoFolder(id)))).length === 0)
  })

  it('that fails leaves the video as it was, which says why', async () => {
    const id = await readyVideo()
    const before = await grantOf(id)
    const next = await replacing(id)
    const key = (await ctx.db.selectFrom('videos').select('source_key').where('id', '=', next).executeTakeFirst())
      ?.source_key
    await worker.fail(await worker.take(next, 'probe'), cause)
    const failed = await videoWhen(gateway, owner, id, ({ replacement }) => replacement?.status === 'failed')
    expect(failed).toMatchObject({
      status: 'ready',
      source: SOURCE,
      replacement: { error: { code: 'SOURCE_CORRUPT' } },
    })
    expect((await grantOf(id)).version).toBe(before.version)
    expect(await told(id)).toEqual(['replacing', 'replacement_failed'])
    await until(async () => !(await exists(key ?? '')))
    // The next one may come, also to a video that has failed itself.
    await failTask(id, 'finalise')
    const again = await replacing(id)
    await processed(again, id)
    expect(await videoWhen(gateway, owner, id, ({ replacement }) => replacement === null)).toMatchObject({
      status: 'ready',
    })
  })

  it('is one of several that come at once, and none while another is processed', async () => {
    const id = await readyVideo()
    const uploads = await Promise.allSettled(
      Array.from({ length: 6 }, () => call(media.beginUpload, uploadOf(id), owner)),
    )
    const begun = uploads.flatMap((upload) => (upload.status === 'fulfilled' ? [upload.value] : []))
    expect(begun).toHaveLength(1)
    for (const upload of uploads.filter(({ status }) => status === 'rejected')) {
      expect(upload).toMatchObject({ reason: refused('REPLACEMENT_IN_PROGRESS') })
    }
    const [{ uploadId, storageKey } = { uploadId: '', storageKey: '' }] = begun
    await ctx.store.put(storageKey, 'bytes')
    const other = { videoId: id, uploadId, storageKey, ...OTHER }
    // Its answer was lost.
    await Promise.all([1, 2, 3].map(() => call(media.completeUpload, other, owner)))
    const next = await rowOf(id)
    await expect(call(media.beginUpload, uploadOf(id), owner)).rejects.toMatchObject(refused('REPLACEMENT_IN_PROGRESS'))
    const resumable = { videoId: id, bytes: 1000, contentType: null, filename: null, metadata: null }
    await expect(call(media.createUpload, resumable, owner)).rejects.toMatchObject(refused('REPLACEMENT_IN_PROGRESS'))
    // Its video is deleted meanwhile.
    const probe = await worker.take(next ?? '', 'probe')
    await call(media.deleteVideo, { videoId: id }, owner)
    expect(await rowOf(id)).toBeUndefined()
    await expect(worker.release(probe)).rejects.toMatchObject(refused('TASK_GONE'))
    for (const folder of [keys.sourceFolder(id), keys.videoFolder(id)]) {
      await until(async () => (await listed(ctx.store.list(folder))).length === 0)
    }
  })

  it('changes nothing where it is the same file, and may be given up while it arrives', async () => {
    const id = await readyVideo()
    const same = await begin(id)
    expect(await call(media.completeUpload, same, owner)).toMatchObject({ status: 'ready', replacement: null })
    expect(await rowOf(id)).toBeUndefined()
    await until(async () => !(await exists(same.storageKey)))
    const { uploadId } = await call(media.beginUpload, uploadOf(id), owner)
    await call(media.abandonUpload, { uploadId }, owner)
    expect(await getVideo(id, owner)).toMatchObject({ status: 'ready', replacement: null })
    expect(await replacing(id)).not.toBe('')
  })

  it('takes its place also while a task of the old one runs, which ends with nothing', async () => {
    const id = await readyVideo()
    const next = await replacing(id)
    await failTask(id, 'poster')
    await call(media.retryVideo, { videoId: id }, owner)
    const retried = await worker.take(id, 'poster')
    for (const { config } of [ctx, other]) config.TRANSCRIBE = true
    await processed(next, id)
    await videoWhen(gateway, owner, id, ({ replacement }) => replacement === null)
    // The transcript is one of the new source.
    const { work, outputKey } = await worker.take(id, 'transcribe')
    expect(work).toMatchObject({ audioKey: keys.playlist(`${id}/${next}`, 'audio.m3u8') })
    expect(outputKey).toContain(`${id}/${next}/`)
    for (const { config } of [ctx, other]) config.TRANSCRIBE = false
    await worker.finish(retried)
    expect(await getVideo(id, owner)).toMatchObject({ status: 'ready', source: OTHER })
    expect((await grantOf(id)).posterKey).toContain(next)
  })
})
