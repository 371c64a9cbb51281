import { randomUUID } from 'node:crypto'
import { type ClaimedTask, media, type SourceFacts, type TaskCause, type Video } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { ANONYMOUS, connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { resultOf, someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const { call } = gateway
const owner = someUser()

const FACTS = someFacts(10, { width: 640, height: 360 })
const INPUT: TaskCause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'It could not be put together.' }

async function readyVideo(): Promise<Video> {
  const { id } = await gateway.upload(owner)
  await doAllWork(worker, id, FACTS)
  return await videoWhen(gateway, owner, id, (video) => video.status === 'ready')
}

async function tokenFor(videoId: string, more: { download?: boolean; maxHeight?: number } = {}): Promise<string> {
  return (await call(media.createPlaybackToken, { videoId, download: true, ...more }, owner)).token
}

const ask = (reference: string, height = 240) => call(media.prepareDownload, { reference, height }, ANONYMOUS)

async function row(videoId: string) {
  return await ctx.db.selectFrom('videos').selectAll().where('id', '=', videoId).executeTakeFirst()
}

describe('a download', () => {
  it('is made once for all who ask, and found by who asks later', async () => {
    const { id } = await readyVideo()
    const token = await tokenFor(id)
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(token)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['preparing']))
    const tasks = await ctx.db.selectFrom('tasks').selectAll().where('kind', '=', 'download').execute()
    expect(tasks.filter(({ video_id }) => video_id === id)).toHaveLength(1)

    const task = await worker.take(id, 'download')
    expect(task.work).toMatchObject({ pictureKey: keys.playlist(id, '240p.m3u8'), frameCount: 300 })
    expect(await gateway.getVideo(id, owner)).toMatchObject({ status: 'ready', progress: { percent: 100 } })
    await worker.finish(task)
    const ready = await until(async () => {
      const answer = await ask(token)
      return answer.status === 'ready' && answer
    })
    expect(ready).toMatchObject({
      status: 'ready',
      storageKey: `${task.outputKey}/download.mp4`,
      title: 'A day at sea',
    })
    // Another size is another file.
    expect(await ask(token, 360)).toMatchObject({ status: 'preparing' })
    expect((await worker.take(id, 'download')).work).toMatchObject({ pictureKey: keys.playlist(id, '360p.m3u8') })
  })

  it('needs a link that allows it, which the owner has in his own private video', async () => {
    const video = await readyVideo()
    await expect(ask(await tokenFor(video.id, { download: false }))).rejects.toMatchObject({ code: 'DOWNLOAD_DENIED' })
    const small = await tokenFor(video.id, { maxHeight: 240 })
    await expect(ask(small, 360)).rejects.toMatchObject({ code: 'PLAYBACK_DENIED' })
    await expect(ask(small, 144)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    const own = /\/play\/([^/]+)\//.exec(video.playback?.hlsUrl ?? '')?.[1] ?? ''
    expect(await ask(own)).toMatchObject({ status: 'preparing' })
    await call(media.updateVideo, { videoId: video.id, visibility: 'public' }, owner)
    await expect(ask(video.id)).rejects.toMatchObject({ code: 'DOWNLOAD_DENIED' })
  })

  it('that fails leaves its video ready, and is tried again when the owner retries', async () => {
    const { id } = await readyVideo()
    const token = await tokenFor(id)
    await ask(token)
    await worker.fail(await worker.take(id, 'download'), INPUT)
    await until(() =>
      ask(token).then(
        () => false,
        ({ code }) => code === 'DOWNLOAD_FAILED',
      ),
    )
    expect(await gateway.getVideo(id, owner)).toMatchObject({ status: 'ready', playable: true, error: null })
    await call(media.retryVideo, { videoId: id }, owner)
    expect(await ask(token)).toMatchObject({ status: 'preparing' })
    await worker.finish(await worker.take(id, 'download'))
    await until(async () => (await ask(token)).status === 'ready')
  })
})

describe('a still', () => {
  const ask = (reference: string, time: number, more: { width?: number; make?: boolean } = {}) =>
    call(media.prepareStill, { reference, time, format: 'jpg', make: true, ...more }, ANONYMOUS)
  const tasksOf = async (videoId: string) => {
    const query = ctx.db.selectFrom('tasks').selectAll().where('video_id', '=', videoId)
    return await query.where('kind', '=', 'still').execute()
  }
  const stillsOf = (videoId: string) =>
    ctx.db.selectFrom('stills').selectAll().where('video_id', '=', videoId).orderBy('number').execute()
  const putStill = (task: ClaimedTask) => ctx.store.put(`${task.outputKey}/still.jpg`, 'a picture')
  const ended = async (reference: string, time: number) =>
    await until(async () => {
      const answer = await ask(reference, time, { make: false })
      return answer.status !== 'making' && answer
    })

  it('is made once for all who ask for its frame, from the largest rendition', async () => {
    const { id } = await readyVideo()
    const token = await tokenFor(id)
    expect(await ask(token, 1.01, { make: false })).toEqual({ status: 'absent' })
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => ask(token, 1.01 + index / 1000, { width: 9999 })),
    )
    expect(new Set(answers.map((answer) => answer.status === 'making' && answer.stillId)).size).toBe(1)
    expect(await tasksOf(id)).toHaveLength(1)
    const task = await worker.take(id, 'still')
    expect(task.work).toMatchObject({
      ...{ renditionKey: keys.playlist(id, '360p.m3u8'), frame: 30, width: 640, format: 'jpg' },
      size: { width: 640, height: 360 },
    })
    await putStill(task)
    await worker.finish(task)
    expect(await ended(token, 1.02)).toEqual({ status: 'ready', storageKey: `${task.outputKey}/still.jpg` })
    // What viewers ask for is not in the owner's timeline, and changes nothing about the video.
    const { items } = await call(media.getTimeline, { videoId: id }, owner)
    expect(items.some(({ kind }) => kind === 'still')).toBe(false)
    expect(await gateway.getVideo(id, owner)).toMatchObject({ status: 'ready', progress: { percent: 100 } })
    expect(await tasksOf(id)).toEqual([])

    // A file that was lost is made again.
    await ctx.store.remove(`${task.outputKey}/still.jpg`)
    expect(await ask(token, 1.02)).toMatchObject({ status: 'making' })
    expect(await stillsOf(id)).toHaveLength(1)
  })

  it('of a link with a height is not larger, and of a link that ended there is none', async () => {
    const { id } = await readyVideo()
    const link = await call(media.createPlaybackToken, { videoId: id, maxHeight: 240 }, owner)
    await ask(link.token, 2)
    expect((await worker.take(id, 'still')).work).toMatchObject({ width: 426 })
    await call(media.revokePlaybackToken, { videoId: id, tokenId: link.id }, owner)
    await expect(ask(link.token, 2)).rejects.toMatchObject({ code: 'PLAYBACK_DENIED' })
    await expect(ask(id, 2)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  })

  it('after the end, or of what is not published yet, is refused', async () => {
    const { id } = await readyVideo()
    const token = await tokenFor(id)
    await expect(ask(token, 10)).rejects.toMatchObject({ code: 'FRAME_NOT_FOUND' })
    expect(await ask(token, 9.999)).toMatchObject({ status: 'making' })
    const early = await gateway.upload(owner)
    await call(media.updateVideo, { videoId: early.id, visibility: 'public' }, owner)
    await expect(ask(early.id, 0)).rejects.toMatchObject({ code: 'PLAYBACK_NOT_READY' })
    // Playable with its smallest rendition alone.
    for (const kind of ['probe', 'video', 'audio'] as const) {
      const task = await worker.take(early.id, kind)
      await worker.finish(task, resultOf(task.work, task.outputKey, FACTS))
    }
    await videoWhen(gateway, owner, early.id, ({ playable }) => playable)
    await expect(ask(early.id, 0)).rejects.toMatchObject({ code: 'VIDEO_NOT_READY' })
    await doAllWork(worker, early.id, FACTS)
    await videoWhen(gateway, owner, early.id, ({ status }) => status === 'ready')
    expect(await ask(early.id, 0)).toMatchObject({ status: 'making' })
  })

  it('that fails is dropped after a second try, and made anew when it is asked for again', async () => {
    const { id } = await readyVideo()
    const token = await tokenFor(id)
    const host: TaskCause = { class: 'host', code: 'TRANSCODE_FAILED', detail: 'It could not be decoded.' }
    await ask(token, 3)
    await worker.fail(await worker.take(id, 'still'), host)
    await worker.fail(await worker.take(id, 'still'), host)
    expect(await ended(token, 3)).toEqual({ status: 'absent' })
    expect(await gateway.getVideo(id, owner)).toMatchObject({ status: 'ready', error: null })
    expect(await ask(token, 3)).toMatchObject({ status: 'making' })
  })

  it('is one of twenty that are made at a time, and of 500 that are kept, and goes with its video', async () => {
    const { id } = await readyVideo()
    const token = await tokenFor(id)
    const asked = await Promise.allSettled(Array.from({ length: 25 }, (_, index) => ask(token, index / 10)))
    const codes = asked.map((answer) => (answer.status === 'rejected' ? answer.reason.code : answer.value.status))
    expect(codes.filter((code) => code === 'making')).toHaveLength(20)
    expect(codes.filter((code) => code === 'STILL_LIMIT_REACHED')).toHaveLength(5)

    const oldest = await worker.take(id, 'still')
    await putStill(oldest)
    await worker.finish(oldest)
    await until(async () => (await stillsOf(id)).some(({ storage_key: key }) => key !== null))
    await sql`insert into stills (id, video_id, frame, width, format, storage_key, bytes)
      select gen_random_uuid(), ${id}, 1000 + n, 640, 'jpg', 'videos/' || ${id}::text || '/' || gen_random_uuid() || '-1/still.jpg', 1000
      from generate_series(1, 500) as n`.execute(ctx.db)
    const newest = await worker.take(id, 'still')
    await putStill(newest)
    await worker.finish(newest)
    await until(async () => (await ctx.store.stat(`${oldest.outputKey}/still.jpg`)) === null)
    expect((await stillsOf(id)).filter(({ storage_key: key }) => key !== null)).toHaveLength(500)

    await call(media.deleteVideo, { videoId: id }, owner)
    await until(async () => (await ctx.store.stat(`${newest.outputKey}/still.jpg`)) === null)
    expect(await stillsOf(id)).toEqual([])
  })
})

/** A ready video whose source is in the store. */
async function readyParent(): Promise<Video> {
  const video = await readyVideo()
  await ctx.store.put((await row(video.id))?.source_key ?? '', 'the source')
  return video
}

function clip(videoId: string, start: number, end: number, title?: string, actor = owner): Promise<Video> {
  return call(media.createClip, { videoId, start, end, ...(title !== undefined && { title }) }, actor)
}

async function probed(videoId: string, facts: SourceFacts = FACTS): Promise<ClaimedTask> {
  const probe = await worker.take(videoId, 'probe')
  await worker.finish(probe, resultOf(probe.work, probe.outputKey, facts))
  return await worker.take(videoId, 'video')
}

describe('a clip', () => {
  it('is a private video of its own, planned from the frames that were asked for', async () => {
    const parent = await readyParent()
    await call(media.updateVideo, { videoId: parent.id, externalId: 'whole', metadata: { a: 'b' } }, owner)
    const made = await clip(parent.id, 2, 5, 'The best of it')
    expect(made).toMatchObject({
      title: 'The best of it',
      externalId: null,
      metadata: {},
      visibility: 'private',
      status: 'uploaded',
      ownerId: owner.userId,
    })
    expect(made.source).toMatchObject({ filename: 'sea.mp4', bytes: 1000, sha256: parent.source?.sha256 })
    const { work } = await probed(made.id)
    const video = { startTime: 2, frameCount: 90, clipped: true }
    expect(work).toMatchObject({ facts: { durationSeconds: 3, video }, chunk: { startFrame: 0 } })
    expect((await gateway.getVideo(made.id, owner)).source?.durationSeconds).toBe(3)
  })

  it('outlives the video that it was made from', async () => {
    const parent = await readyParent()
    const { id } = await clip(parent.id, 0, 1)
    const source = (await row(parent.id))?.source_key ?? ''
    await call(media.deleteVideo, { videoId: parent.id }, owner)
    await until(async () => (await ctx.store.stat(source)) === null)
    expect((await ctx.store.get((await row(id))?.source_key ?? '')).toString()).toBe('the source')
  })

  it('made while its video is deleted has a source, or is not made', async () => {
    const parent = await readyParent()
    const clips = Array.from({ length: 6 }, () => clip(parent.id, 1, 2).catch(({ code }) => code as string))
    await call(media.deleteVideo, { videoId: parent.id }, owner)
    for (const made of await Promise.all(clips)) {
      if (typeof made === 'string') expect(made).toBe('VIDEO_NOT_FOUND')
      else expect((await ctx.store.get((await row(made.id))?.source_key ?? '')).toString()).toBe('the source')
    }
  })

  it('is made by the owner, of a video that is ready and has these seconds', async () => {
    const parent = await readyParent()
    await expect(clip(parent.id, 8, 10.5)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
    await expect(clip(parent.id, 3, 3)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
    await expect(clip(parent.id, 0, 1, 'x', someUser())).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
    await expect(clip(randomUUID(), 0, 1)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
    const early = await gateway.upload(owner)
    await expect(clip(early.id, 0, 1)).rejects.toMatchObject({ code: 'VIDEO_NOT_READY' })
  })
})
