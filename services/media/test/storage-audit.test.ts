import { randomUUID } from 'node:crypto'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Actor, Input } from '@kinora/common/contract'
import { media, type StorageFinding, type Video } from '@kinora/common/contracts'
import { keys, MASTER_PLAYLIST, quarantineDays } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { connectGateway, SOURCE, someUser, type UserActor } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const admin: UserActor = { ...someUser(), role: 'admin' }
const DAY_MS = 24 * 3600 * 1000

/** What is wrong with the files of this video, or of this folder, by an audit of everything. */
async function auditOf(videoId: string, actor: Actor = admin): Promise<StorageFinding[]> {
  const items: StorageFinding[] = []
  let cursor: string | null = null
  do {
    const page: { items: StorageFinding[]; nextCursor: string | null } = await gateway.call(
      media.auditStorage,
      cursor === null ? {} : { cursor },
      actor,
    )
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  return items.filter((item) => item.videoId === videoId)
}

async function putOld(key: string): Promise<void> {
  await ctx.store.put(key, 'bytes')
  const old = new Date(Date.now() - 2 * DAY_MS)
  await utimes(join(world.storageDir, 'objects', key), old, old)
}

async function readyVideo(owner: UserActor, input?: Partial<Input<typeof media.createVideo>>): Promise<Video> {
  const { id } = await gateway.upload(owner, input)
  await doAllWork(worker, id)
  return await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
}

const exists = async (key: string) => (await ctx.store.stat(key)) !== null
const row = (id: string) => ctx.db.selectFrom('videos').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

describe('the audit of storage', () => {
  it('tells which files are missing that the rows of a video name, until all are there', async () => {
    const { id } = await readyVideo(someUser())
    const { source_key: source, poster_key: poster, passport_key: passport } = await row(id)
    await ctx.store.remove(passport ?? '')
    const found = await auditOf(id)
    expect(found).toContainEqual({ problem: 'missing', what: 'source', videoId: id, files: 1, example: source })
    expect(found).toContainEqual({ problem: 'missing', what: 'poster', videoId: id, files: 1, example: poster })
    expect(found).toContainEqual({ problem: 'missing', what: 'passport', videoId: id, files: 1, example: passport })
    const playback = found.find(({ what }) => what === 'playback')
    expect(playback?.example).toMatch(new RegExp(`^videos/${id}/[0-9a-f-]{36}-1/`))

    for (let missing = found; missing.length > 0; missing = await auditOf(id)) {
      for (const { example } of missing) await ctx.store.put(example, 'bytes')
    }
    await ctx.store.remove(keys.playlist(id, MASTER_PLAYLIST))
    expect(await auditOf(id)).toEqual([
      { problem: 'missing', what: 'playback', videoId: id, files: 1, example: keys.playlist(id, MASTER_PLAYLIST) },
    ])
  })

  it('tells of files that no row names, unless they are young or about to be removed', async () => {
    const { id } = await gateway.createVideo(someUser())
    const [source, attempt] = [keys.source(id, randomUUID()), `${keys.attempt(id, randomUUID(), 3)}/240p/0.m4s`]
    await ctx.store.put(source, 'being registered')
    expect(await auditOf(id)).toEqual([])
    await putOld(source)
    await putOld(attempt)
    await putOld(`${keys.videoFolder(id)}/captions/en.vtt`)
    const unknown = { problem: 'unknown', videoId: id, files: 1 }
    expect(await auditOf(id)).toEqual([
      { ...unknown, what: 'source', example: source },
      { ...unknown, what: 'attempt', example: attempt },
    ])

    const stranger = randomUUID()
    await putOld(`${keys.videoFolder(stranger)}/240p.m3u8`)
    await putOld(`${keys.videoFolder(stranger)}/master.m3u8`)
    await ctx.store.put(`${keys.videoFolder(stranger)}/young.m3u8`, 'bytes')
    expect(await auditOf(stranger)).toMatchObject([{ problem: 'unknown', what: 'video', files: 2 }])
    const due = sql<Date>`now() + interval '1 hour'`
    await ctx.db
      .insertInto('deletions')
      .values({ key: keys.videoFolder(stranger), folder: true, due_at: due })
      .execute()
    expect(await auditOf(stranger)).toEqual([])
  })

  it('is for administrators and the operator', async () => {
    await expect(auditOf('none', someUser())).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(gateway.call(media.auditStorage, { cursor: 'x' }, admin)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    })
  })
})

describe('a deleted video', () => {
  it('leaves nothing, even if a picture of it was made after its files were removed', async () => {
    const owner = someUser()
    const { id } = await readyVideo(owner)
    const folder = keys.videoFolder(id)
    await gateway.call(media.deleteVideo, { videoId: id }, owner)
    const pending = () => ctx.db.selectFrom('deletions').select('due_at').where('key', '=', folder).execute()
    await until(async () => (await pending()).length === 1)

    const picture = `${folder}/${randomUUID()}-1/poster-320.webp`
    await ctx.store.put(picture, 'made by a gateway that did not know yet')
    // As if the half hour had passed after which nobody can be writing any more.
    await ctx.db.updateTable('deletions').set({ due_at: sql<Date>`now()` }).where('key', '=', folder).execute()
    await until(async () => !(await exists(picture)))
    await until(async () => (await pending()).length === 0)
  })
})

describe('a source that expires', () => {
  const { call, createVideo, getVideo, upload } = gateway
  const owner = someUser()
  const DAYS = 3
  const soon = () => new Date(Date.now() + 1000).toISOString()
  const findSource = (videoId: string) => call(media.findSource, { videoId }, owner)
  const told = async (videoId: string) =>
    (await call(media.getTimeline, { videoId }, owner)).source.map(({ event }) => event)
  const untilRemoved = (videoId: string) =>
    videoWhen(gateway, owner, videoId, ({ source }) => source?.removedAt != null)
  const readyAgo = (videoId: string, time: string) =>
    sql`update videos set ready_at = ready_at - ${time}::interval where id = ${videoId}`.execute(ctx.db)

  it('is removed while its video plays on; what needs it says that it is gone', async () => {
    const { id } = await readyVideo(owner)
    const { bytes } = await call(media.getUsage, {}, owner)
    const { storageKey } = await findSource(id)
    await ctx.store.put(storageKey, 'bytes')
    const { token } = await call(media.createPlaybackToken, { videoId: id, download: true }, owner)
    await call(media.updateVideo, { videoId: id, sourceExpiresAt: soon() }, owner)
    const video = await untilRemoved(id)
    expect(video).toMatchObject({ status: 'ready', playable: true, source: SOURCE })
    expect((await call(media.getUsage, {}, owner)).bytes).toBe(bytes - SOURCE.bytes)
    await until(async () => !(await exists(storageKey)))
    const [day = ''] = await quarantineDays(ctx.store)
    expect(await exists(keys.quarantined(day, storageKey))).toBe(true)

    const cause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'No picture.' }
    await sql`update tasks set state = 'failed', cause = ${JSON.stringify(cause)}
      where video_id = ${id} and kind = 'poster'`.execute(ctx.db)
    const needSource = [
      () => findSource(id),
      () => call(media.createClip, { videoId: id, start: 0, end: 1 }, owner),
      () => call(media.choosePoster, { videoId: id, time: 1 }, owner),
      () => call(media.retryVideo, { videoId: id }, owner),
    ]
    for (const ask of needSource) await expect(ask()).rejects.toMatchObject({ code: 'SOURCE_REMOVED', status: 410 })
    expect(await call(media.prepareDownload, { reference: token, height: 240 }, owner)).toMatchObject({
      status: 'preparing',
    })
    expect(await told(id)).toEqual(['removed'])

    // What an operator restores belongs to the video again.
    const restored = await call(media.restoreFromQuarantine, { day, key: keys.sourceFolder(id) }, admin)
    expect(restored).toMatchObject({ restored: 1 })
    expect(await findSource(id)).toMatchObject({ storageKey })
    expect(await getVideo(id, owner)).toMatchObject({ source: { removedAt: null }, sourceExpiresAt: null })
    expect(await told(id)).toEqual(['removed', 'restored'])
  })

  it('is kept while its video is not ready, a task reads it, players go on with it, or it was put off', async () => {
    const { id: unready } = await upload(owner)
    const [{ id: watched }, { id: read }, { id: gone }] = [
      await readyVideo(owner),
      await readyVideo(owner),
      await readyVideo(owner, { sourceExpiresAt: soon() }),
    ]
    await sql`update videos set web_file = '{}' where id = any(${[watched, gone]}::uuid[])`.execute(ctx.db)
    await call(media.choosePoster, { videoId: read, time: 1 }, owner)
    const due = [unready, watched, read]
    await sql`update videos set source_delete_at = now() where id = any(${due}::uuid[])`.execute(ctx.db)
    await readyAgo(gone, '20 minutes')
    await untilRemoved(gone)
    for (const id of due) await findSource(id)
    await call(media.updateVideo, { videoId: watched, sourceExpiresAt: null }, owner)
    await readyAgo(watched, '20 minutes')
    await worker.finish(await worker.take(read, 'poster'))
    await untilRemoved(read)
    await findSource(watched)
  })

  it('has the days of its project, or of the installation, for videos that are made while they are set', async () => {
    ctx.config.SOURCE_RETENTION_DAYS = 30
    const installation = await createVideo(owner)
    await call(media.updateUserLimits, { userId: owner.userId, sourceDays: DAYS }, admin)
    const { id: kept } = await readyVideo(owner, { sourceExpiresAt: null })
    const { id, readyAt, sourceExpiresAt } = await readyVideo(owner)
    expect((await call(media.getUsage, {}, owner)).limits.sourceDays).toBe(DAYS)
    await call(media.updateUserLimits, { userId: owner.userId, sourceDays: null }, admin)
    delete ctx.config.SOURCE_RETENTION_DAYS
    expect([await row(installation.id), await row(id)].map((video) => video.source_days)).toEqual([30, DAYS])
    expect(Date.parse(sourceExpiresAt ?? '') - Date.parse(readyAt ?? '')).toBe(DAYS * DAY_MS)
    for (const videoId of [id, kept]) await readyAgo(videoId, `${DAYS} days`)
    await untilRemoved(id)
    expect(await findSource(kept)).toMatchObject({ filename: SOURCE.filename })
  })

  it.each(['2020-01-01T00:00:00Z', new Date().toISOString()])('does not expire at %s', async (sourceExpiresAt) => {
    await expect(createVideo(owner, { sourceExpiresAt })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
  })
})
