import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { media, type StorageStatus } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { type TestEnvironment, testEnvironmentOfTest, until } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { emptyQuarantine, removeFiles, removeUnfinishedFiles } from '../src/background/cleanup.ts'
import { expireSources, expireVideos } from '../src/background/expire-videos.ts'
import { expireUploads, registerReceipts } from '../src/background/uploads.ts'
import { countVideos } from '../src/repositories/videos.ts'
import { connectGateway, type Gateway, SOURCE, someUser, type UserActor } from './support/gateway.ts'
import { startTestMedia, type TestMedia } from './support/media.ts'

const DAY_MS = 24 * 3600 * 1000
const admin: UserActor = { ...someUser(), role: 'admin' }
const UNAVAILABLE = { code: 'DEPENDENCY_UNAVAILABLE' }

/** Gives the database another installation's id. */
async function stranger(media: TestMedia): Promise<void> {
  await sql`update installation set id = gen_random_uuid(), revision = null, next_revision = null`.execute(media.ctx.db)
}

interface Installation {
  world: TestEnvironment
  started: TestMedia
  gateway: Gateway
}

async function install(): Promise<Installation> {
  const world = await testEnvironmentOfTest()
  return { world, started: await startTestMedia(world), gateway: await connectGateway(world) }
}

/** Five videos whose sources and one other file are two days old. */
async function fill({ world, started, gateway }: Installation): Promise<string[]> {
  const owner = someUser()
  for (let video = 0; video < 5; video++) {
    const { id } = await gateway.createVideo(owner)
    const upload = await gateway.call(
      media.beginUpload,
      { videoId: id, contentType: 'video/mp4', filename: 'sea.mp4', bytes: 1000 },
      owner,
    )
    await started.ctx.store.put(upload.storageKey, 'the source')
    await started.ctx.store.put(`${keys.videoFolder(id)}/${randomUUID()}-1/1.m4s`, 'a segment')
    const { uploadId, storageKey } = upload
    await gateway.call(media.completeUpload, { videoId: id, uploadId, storageKey, ...SOURCE }, owner)
  }
  await ageAll(world)
  return await files(world)
}

/** Sources, renditions, uploads and what is in quarantine. */
async function files({ storageDir }: TestEnvironment): Promise<string[]> {
  const entries = await readdir(join(storageDir, 'objects'), { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return paths
    .map((path) => path.slice(join(storageDir, 'objects').length + 1))
    .filter((key) => !([keys.clock, keys.installation] as string[]).includes(key))
    .sort()
}

async function ageAll(world: TestEnvironment): Promise<void> {
  const old = new Date(Date.now() - 2 * DAY_MS)
  for (const key of await files(world)) await utimes(join(world.storageDir, 'objects', key), old, old)
}

/** All jobs that remove something. */
async function runAllRemovals({ ctx }: TestMedia): Promise<void> {
  const expiries = [expireUploads, expireVideos, expireSources]
  for (const job of [...expiries, registerReceipts, removeFiles, removeUnfinishedFiles, emptyQuarantine]) await job(ctx)
}

/** The same where nothing must be removed, though all videos and their sources have expired. */
async function runRemovalsInVain(media: TestMedia): Promise<void> {
  const { db } = media.ctx
  const videos = await countVideos(db)
  await sql`update videos set delete_at = now(), source_delete_at = now(), ready_at = 'epoch'`.execute(db)
  // As if they were ready, and nothing read their sources.
  await sql`update videos set status = 'ready' where upload_id is not null`.execute(db)
  const tasks = await sql<{
    id: string
  }>`update tasks set state = 'cancelled' where state = 'queued' returning id`.execute(db)
  await runAllRemovals(media)
  await sql`update tasks set state = 'queued' where id = any(${tasks.rows.map(({ id }) => id)}::uuid[])`.execute(db)
  await sql`update videos set delete_at = null, source_delete_at = null, ready_at = null`.execute(db)
  await sql`update videos set status = 'uploaded' where upload_id is not null`.execute(db)
  expect(await countVideos(db)).toBe(videos)
  const { removed } = await db
    .selectFrom('videos')
    .select(sql<number>`count(source_removed_at)::int`.as('removed'))
    .executeTakeFirstOrThrow()
  expect(removed).toBe(0)
}

/** Media that cannot use its store removes nothing, serves nothing, and says what is wrong. */
async function expectRefusal(wrong: TestMedia, gateway: Gateway, state: StorageStatus['state']): Promise<void> {
  expect(await gateway.call(media.getStorageStatus, {}, admin)).toMatchObject({
    state,
    problem: expect.stringMatching(/kinora storage adopt --installation [0-9a-f]{8}/),
  })
  expect((await wrong.health.report()).checks.storage).toMatchObject({
    ok: false,
    detail: { state, problem: expect.stringContaining('STORAGE_URL') },
  })
  await expect(gateway.createVideo(someUser())).rejects.toMatchObject(UNAVAILABLE)
  await runRemovalsInVain(wrong)
}

describe('a store that is not the database’s', () => {
  it('keeps all files when the tables of the database were emptied', async () => {
    const { world, started, gateway } = await install()
    const before = await fill({ world, started, gateway })
    await sql`delete from videos`.execute(started.ctx.db)
    await sql`delete from installation`.execute(started.ctx.db)
    await started.stop()
    const emptied = await startTestMedia(world)
    await expectRefusal(emptied, gateway, 'foreign')
    expect(await files(world)).toEqual(before)
  })

  it.each(['empty', 'of another installation'])('keeps all files when the database is %s', async (kind) => {
    const right = await install()
    const before = await fill(right)
    const other = await testEnvironmentOfTest()
    const first = await startTestMedia(other)
    await stranger(first)
    if (kind !== 'empty')
      await first.ctx.db.insertInto('deletions').values({ key: 'sources/x', folder: true }).execute()
    await first.stop()
    const wrong = await startTestMedia(other, { STORAGE_URL: right.world.storageUrl })
    await expectRefusal(wrong, await connectGateway(other), 'foreign')
    expect(await files(right.world)).toEqual(before)
  })

  it('is not served when it was never marked and has files that the database does not know', async () => {
    const right = await install()
    const before = await fill(right)
    await rm(join(right.world.storageDir, 'objects', keys.installation))
    const other = await testEnvironmentOfTest()
    const wrong = await startTestMedia(other, { STORAGE_URL: right.world.storageUrl })
    await expectRefusal(wrong, await connectGateway(other), 'unmarked')
    expect(await files(right.world)).toEqual(before)
  })

  it('is not begun anew when it is empty and the database is not', async () => {
    const { world, started, gateway } = await install()
    await fill({ world, started, gateway })
    await started.stop()
    const elsewhere = await testEnvironmentOfTest()
    const wrong = await startTestMedia(world, { STORAGE_URL: elsewhere.storageUrl })
    await expectRefusal(wrong, gateway, 'empty')
    expect(await files(elsewhere)).toEqual([])
  })

  it('becomes the database’s when an operator names the installation, and only then', async () => {
    const { world, started, gateway } = await install()
    await fill({ world, started, gateway })
    await started.stop()
    const elsewhere = await testEnvironmentOfTest()
    await startTestMedia(world, { STORAGE_URL: elsewhere.storageUrl })
    const adopt = (installation: string) => gateway.call(media.adoptStore, { installation }, admin)
    await expect(adopt('00000000')).rejects.toMatchObject({ code: 'INSTALLATION_MISMATCH' })
    const { name } = await gateway.call(media.getStorageStatus, {}, admin)
    expect(await adopt(name)).toMatchObject({ state: 'own', problem: null })
    expect(await gateway.createVideo(someUser())).toMatchObject({ status: 'awaiting_upload' })
  })
})

describe('a database that is older than its store', () => {
  it('is served, and nothing is removed before an operator has confirmed it', async () => {
    const { world, started: newer, gateway } = await install()
    await fill({ world, started: newer, gateway })
    const owner = someUser()
    const { id } = await gateway.createVideo(owner)
    await newer.ctx.store.put(keys.source(id, randomUUID()), 'bytes')
    await newer.stop()
    const older = await startTestMedia(world)
    // As a dump from before the last revision.
    await sql`update installation set revision = gen_random_uuid(), next_revision = null`.execute(older.ctx.db)
    expect(await gateway.call(media.getStorageStatus, {}, admin)).toMatchObject({ state: 'diverged' })

    await gateway.call(media.deleteVideo, { videoId: id }, owner)
    const before = await files(world)
    await runRemovalsInVain(older)
    expect(await files(world)).toEqual(before)
    const { ready, checks } = await older.health.report()
    expect(ready).toBe(true)
    expect(checks.storage?.detail).toMatchObject({ state: 'diverged', problem: expect.stringContaining('backup') })

    const { name } = await gateway.call(media.getStorageStatus, {}, admin)
    await gateway.call(media.adoptStore, { installation: name }, admin)
    await until(async () => (await files(world)).every((key) => !key.startsWith(keys.sourceFolder(id))))
  })

  it('is recognised within a revision, of which the store has the last', async () => {
    const { world, started } = await install()
    const marker = async () => JSON.parse(await readFile(join(world.storageDir, 'objects', keys.installation), 'utf8'))
    const first = await marker()
    const aged = sql`update installation set revised_at = now() - interval '2 minutes'`
    await aged.execute(started.ctx.db)
    await Promise.all(Array.from({ length: 5 }, () => started.ctx.ownership.renew()))
    const second = await marker()
    expect(second.installation).toBe(first.installation)
    expect(second.revision).not.toBe(first.revision)
    expect(started.ctx.ownership.status.state).toBe('own')

    // Killed after it was chosen and before it was written: the marker has the older one, and that is fine.
    await sql`update installation set next_revision = gen_random_uuid()`.execute(started.ctx.db)
    await started.ctx.ownership.compare()
    expect(started.ctx.ownership.status.state).toBe('own')
    await aged.execute(started.ctx.db)
    await started.ctx.ownership.renew()
    expect((await marker()).revision).not.toBe(second.revision)
    expect(started.ctx.ownership.status.state).toBe('own')
  })
})

describe('files that no row names', () => {
  it('stay where they are until an operator sweeps them, and come back from quarantine', async () => {
    const installation = await install()
    const { world, started, gateway } = installation
    const before = await fill(installation)
    // Rows that somebody has lost.
    await sql`delete from videos where id in (select id from videos limit 2)`.execute(started.ctx.db)
    await runAllRemovals(started)
    expect(await files(world)).toEqual(before)

    const { name } = await gateway.call(media.getStorageStatus, {}, admin)
    await expect(gateway.call(media.sweepStorage, { installation: '12345678' }, admin)).rejects.toMatchObject({
      code: 'INSTALLATION_MISMATCH',
      detail: expect.stringContaining(name),
    })
    await expect(gateway.call(media.sweepStorage, { installation: name }, someUser())).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: { nextCursor: string | null } = await gateway.call(
        media.sweepStorage,
        { installation: name, ...(cursor === undefined ? {} : { cursor }) },
        admin,
      )
      cursor = page.nextCursor
    }
    const quarantined = (key: string) => key.startsWith('quarantine/')
    await until(async () => (await files(world)).filter(quarantined).length === 7)
    expect(await files(world)).toHaveLength(before.length)

    const { items } = await gateway.call(media.listQuarantine, { limit: 100 }, admin)
    for (const { key, day } of items) {
      expect(await gateway.call(media.restoreFromQuarantine, { key, day }, admin)).toMatchObject({
        kept: 0,
        more: false,
      })
    }
    expect(await files(world)).toEqual(before)
  })
})

describe('abandoned uploads', () => {
  const create = (gateway: Gateway, owner: UserActor) =>
    gateway.call(media.createUpload, { filename: 'a.mp4', contentType: 'video/mp4', bytes: 9, metadata: null }, owner)

  const expireAll = ({ ctx }: TestMedia) =>
    sql`update uploads set expires_at = now() - interval '1 day'`.execute(ctx.db)

  it('go to quarantine when they expire', async () => {
    const { world, started, gateway } = await install()
    const { uploadId, videoId } = await create(gateway, someUser())
    await started.ctx.store.put(keys.piece(videoId, uploadId, randomUUID()), 'part')
    await expireAll(started)
    await until(async () => (await files(world)).every((key) => key.startsWith('quarantine/')))
    expect(await files(world)).toHaveLength(1)
  })

  it('wait for an operator when they are too many of one account, who alone waits', async () => {
    const world = await testEnvironmentOfTest()
    const started = await startTestMedia(world, { SWEEP_LIMIT: 3 })
    const gateway = await connectGateway(world)
    const [many, few] = [someUser(), someUser()]
    for (let upload = 0; upload < 4; upload++) await create(gateway, many)
    await create(gateway, few)
    await expireAll(started)
    const left = async (owner: UserActor) =>
      (await started.ctx.db.selectFrom('uploads').select('id').where('owner_id', '=', owner.userId).execute()).length
    await until(async () => (await left(few)) === 0)
    expect(await left(many)).toBe(4)
    await until(async () => (await started.health.report()).checks.sweep?.detail?.waiting === 4)
    const { name, sweepWaiting } = await gateway.call(media.getStorageStatus, {}, admin)
    expect(sweepWaiting).toBe(4)

    await gateway.call(media.sweepStorage, { installation: name }, admin)
    await until(async () => (await left(many)) === 0)
  })

  it('get their source when all bytes are in the store, though nobody registered them', async () => {
    const { started, gateway } = await install()
    const owner = someUser()
    const { id } = await gateway.createVideo(owner)
    const input = { videoId: id, contentType: 'video/mp4', filename: 'sea.mp4', bytes: 1000 }
    const { storageKey } = await gateway.call(media.beginUpload, input, owner)
    await started.ctx.store.put(storageKey, 'all bytes')
    await expireAll(started)
    await until(async () => (await gateway.getVideo(id, owner)).status === 'uploaded')
    expect(await started.ctx.store.stat(storageKey)).toMatchObject({ bytes: 9 })
  })
})

describe('quarantine', () => {
  it('is emptied of a day when the week after it is over', async () => {
    const { started } = await install()
    const day = (ago: number) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10)
    const [old, young] = [9, 6].map((ago) => keys.quarantined(day(ago), keys.source(randomUUID(), randomUUID())))
    for (const key of [old, young]) await started.ctx.store.put(key ?? '', 'bytes')
    await emptyQuarantine(started.ctx)
    expect(await Promise.all([old, young].map((key) => started.ctx.store.stat(key ?? '')))).toEqual([
      null,
      expect.anything(),
    ])
  })

  it('keeps nothing of a video that its owner deletes', async () => {
    const { world, started, gateway } = await install()
    const owner = someUser()
    const { id } = await gateway.createVideo(owner)
    await started.ctx.store.put(keys.quarantined('2026-01-02', keys.source(id, randomUUID())), 'bytes')
    await gateway.call(media.deleteVideo, { videoId: id }, owner)
    await until(async () => (await files(world)).length === 0)
  })
})
