import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { media } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { describe, expect, it, test } from 'vitest'
import { ANONYMOUS, connectGateway, SOURCE, someUser, type UserActor, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
// A second process on the same database, so that requests are answered by both in turn.
await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const { call, createVideo, getVideo } = gateway

const NOT_FOUND = expect.objectContaining({ code: 'VIDEO_NOT_FOUND' })
const FORBIDDEN = expect.objectContaining({ code: 'FORBIDDEN' })

test('a new video waits for its source and is private', async () => {
  const owner = someUser()
  const video = await createVideo(owner, { title: '  Ebb ', tags: ['sea'] })
  expect(video).toMatchObject({
    ownerId: owner.userId,
    title: 'Ebb',
    description: '',
    tags: ['sea'],
    visibility: 'private',
    status: 'awaiting_upload',
    playable: false,
    source: null,
    renditions: [],
    warnings: [],
    playback: null,
    error: null,
    readyAt: null,
  })
  expect(await getVideo(video.id, owner)).toEqual(video)
})

test('only who is signed in makes and lists videos', async () => {
  await expect(call(media.createVideo, { title: 'x' }, ANONYMOUS)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  await expect(call(media.listVideos, {}, ANONYMOUS)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
})

describe('who may see and change a video', () => {
  const owner = someUser()
  const others = [someUser(), ANONYMOUS]

  it('a private one: its owner alone; for others it does not exist', async () => {
    const { id } = await createVideo(owner)
    expect((await getVideo(id, owner)).id).toBe(id)
    for (const other of others) {
      await expect(getVideo(id, other)).rejects.toEqual(NOT_FOUND)
      await expect(call(media.updateVideo, { videoId: id, title: 'x' }, other)).rejects.toEqual(NOT_FOUND)
      await expect(call(media.deleteVideo, { videoId: id }, other)).rejects.toEqual(NOT_FOUND)
      await expect(call(media.beginUpload, uploadOf(id), other)).rejects.toEqual(NOT_FOUND)
      await expect(call(media.getTimeline, { videoId: id }, other)).rejects.toEqual(NOT_FOUND)
      await expect(call(media.retryVideo, { videoId: id }, other)).rejects.toEqual(NOT_FOUND)
      await expect(call(media.createPlaybackToken, { videoId: id }, other)).rejects.toEqual(NOT_FOUND)
    }
  })

  it.each(['public', 'unlisted'] as const)(
    'a %s one: everybody by its id sees it, its owner changes it',
    async (visibility) => {
      const { id } = await createVideo(owner, { visibility })
      for (const other of others) {
        expect((await getVideo(id, other)).visibility).toBe(visibility)
        await expect(call(media.updateVideo, { videoId: id, title: 'x' }, other)).rejects.toEqual(FORBIDDEN)
        await expect(call(media.deleteVideo, { videoId: id }, other)).rejects.toEqual(FORBIDDEN)
      }
    },
  )

  it('a public one that becomes private is hidden at once, and the gateways are told', async () => {
    const { id } = await createVideo(owner, { visibility: 'public' })
    const [other] = others
    if (!other) throw new Error('nobody')
    await getVideo(id, other)
    await call(media.updateVideo, { videoId: id, visibility: 'private' }, owner)
    await expect(getVideo(id, other)).rejects.toEqual(NOT_FOUND)
    await until(() =>
      gateway
        .heardOf('video.changed', id)
        .some((event) => (event.data as { visibility: string }).visibility === 'private'),
    )
  })

  it("the owner's file name and error are his alone", async () => {
    const video = await gateway.upload(owner, { visibility: 'public' })
    const probe = await worker.take(video.id)
    await worker.fail(probe, { class: 'input', code: 'SOURCE_CORRUPT', detail: 'The file is broken.' })
    const failed = await until(async () => {
      const now = await getVideo(video.id, owner)
      return now.status === 'failed' && now
    })
    expect(failed).toMatchObject({ error: { code: 'SOURCE_CORRUPT', detail: 'The file is broken.' } })
    expect(failed.source?.filename).toBe('sea.mp4')
    expect(await getVideo(video.id, someUser())).toMatchObject({ error: null, source: { filename: null } })
  })
})

test('what an owner changes is what he reads next, whichever process answers', async () => {
  const owner = someUser()
  const { id } = await createVideo(owner)
  for (let n = 0; n < 20; n++) {
    await call(media.updateVideo, { videoId: id, title: `Title ${n}` }, owner)
    const [one, other, list] = await Promise.all([
      getVideo(id, owner),
      getVideo(id, owner),
      call(media.listVideos, {}, owner),
    ])
    expect([one.title, other.title, list.items[0]?.title]).toEqual(Array(3).fill(`Title ${n}`))
  }
})

describe('deleting', () => {
  it('removes the row at once and the files soon, in the midst of the work too', async () => {
    const owner = someUser()
    const video = await gateway.upload(owner)
    await ctx.store.put(keys.source(video.id, randomUUID()), 'bytes')
    await worker.finish(await worker.take(video.id))
    const first = await worker.take(video.id)
    await ctx.store.put(`${first.outputKey}/240p/0.m4s`, 'bytes')

    await call(media.deleteVideo, { videoId: video.id }, owner)
    await expect(getVideo(video.id, owner)).rejects.toEqual(NOT_FOUND)
    await expect(call(media.deleteVideo, { videoId: video.id }, owner)).rejects.toEqual(NOT_FOUND)
    await until(() => gateway.heardOf('video.deleted', video.id).length === 1)
    const folders = [keys.videoFolder(video.id), keys.sourceFolder(video.id)]
    await until(() => folders.every((folder) => !existsSync(join(world.storageDir, 'objects', folder))))

    // The worker does not know yet.
    await worker.finish(first)
    await expect(worker.claim({ taskId: first.taskId, attempt: 1 }, true)).rejects.toMatchObject({ code: 'TASK_GONE' })
    const again = await ctx.db
      .selectFrom('deletions')
      .selectAll()
      .where('key', '=', keys.videoFolder(video.id))
      .execute()
    expect(again).toHaveLength(1)
  })

  it('removes an upload that ends after it', async () => {
    const owner = someUser()
    const { id } = await createVideo(owner)
    const { uploadId, storageKey } = await call(media.beginUpload, uploadOf(id), owner)
    await call(media.deleteVideo, { videoId: id }, owner)
    await ctx.store.put(storageKey, 'bytes')
    const late = call(media.completeUpload, { videoId: id, uploadId, storageKey, ...SOURCE }, owner)
    await expect(late).rejects.toEqual(NOT_FOUND)
    await until(async () => (await ctx.store.stat(storageKey)) === null)
  })

  it('frees the files even if the storage fails for a while', async () => {
    const key = keys.videoFolder(randomUUID())
    await ctx.store.put(`${key}/master.m3u8`, 'x')
    await ctx.db.insertInto('deletions').values({ key: 'not a key!', folder: true }).execute()
    await ctx.db.insertInto('deletions').values({ key, folder: true }).execute()
    await until(async () => (await ctx.store.stat(`${key}/master.m3u8`)) === null)
    const stuck = await ctx.db.selectFrom('deletions').selectAll().where('key', '=', 'not a key!').executeTakeFirst()
    expect(stuck?.tries).toBeGreaterThan(0)
  })
})

describe('a list of videos', () => {
  const owner = someUser()

  async function titles(input: object, actor: UserActor = owner): Promise<string[]> {
    return (await call(media.listVideos, input, actor)).items.map((video) => video.title)
  }

  it('comes newest first, page by page, and bears what is made and deleted meanwhile', async () => {
    const me = someUser()
    const made = []
    for (let n = 0; n < 7; n++) made.push(await createVideo(me, { title: `v${n}` }))
    const first = await call(media.listVideos, { limit: 3 }, me)
    expect(first.items.map((video) => video.title)).toEqual(['v6', 'v5', 'v4'])
    await createVideo(me, { title: 'new' })
    await call(media.deleteVideo, { videoId: made[4]?.id ?? '' }, me)
    const second = await call(media.listVideos, { limit: 3, cursor: first.nextCursor ?? '' }, me)
    expect(second.items.map((video) => video.title)).toEqual(['v3', 'v2', 'v1'])
    const third = await call(media.listVideos, { limit: 3, cursor: second.nextCursor ?? '' }, me)
    expect(third.items.map((video) => video.title)).toEqual(['v0'])
    expect(third.nextCursor).toBeNull()
  })

  it('is sorted by title too, with a cursor of its own', async () => {
    const me = someUser()
    for (const title of ['b', 'a', 'c', 'a']) await createVideo(me, { title })
    const first = await call(media.listVideos, { sort: 'title', limit: 2 }, me)
    expect(first.items.map((video) => video.title)).toEqual(['a', 'a'])
    const cursor = first.nextCursor ?? ''
    expect(await titles({ sort: 'title', cursor }, me)).toEqual(['b', 'c'])
    expect(await titles({ sort: '-title' }, me)).toEqual(['c', 'b', 'a', 'a'])
    await expect(titles({ sort: '-createdAt', cursor }, me)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
    await expect(titles({ cursor: 'nonsense' }, me)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
  })

  it('is searched by words in title and description, in which no character is special', async () => {
    await createVideo(owner, { title: '100% Sea', tags: ['water'] })
    await createVideo(owner, { title: 'Other', description: 'by the SEA', visibility: 'public' })
    await createVideo(owner, { title: 'a_b' })
    expect(await titles({ q: 'sea' })).toEqual(['Other', '100% Sea'])
    expect(await titles({ q: '%' })).toEqual(['100% Sea'])
    expect(await titles({ q: '_' })).toEqual(['a_b'])
    expect(await titles({ q: '\\' })).toEqual([])
    expect(await titles({ tag: 'water' })).toEqual(['100% Sea'])
    expect(await titles({ visibility: 'public' })).toEqual(['Other'])
    expect(await titles({ status: 'ready' })).toEqual([])
  })

  it("holds only what is one's own", async () => {
    await createVideo(someUser(), { visibility: 'public' })
    expect(await titles({}, someUser())).toEqual([])
  })
})
