import { randomUUID } from 'node:crypto'
import { media } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { listVideos } from '../src/repositories/videos.ts'
import { connectGateway, SOURCE, someUser, type UserActor, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
// A second process on the same database, so that raced requests meet in it.
await startTestMedia(world)
const gateway = await connectGateway(world)
const { call, createVideo, getVideo } = gateway

const TAKEN = { code: 'EXTERNAL_ID_TAKEN' }
const CHANGED = { code: 'VIDEO_CHANGED' }

const codesOf = async (calls: Promise<unknown>[]) =>
  await Promise.all(
    calls.map((one) =>
      one.then(
        () => 'done',
        ({ code }: { code: string }) => code,
      ),
    ),
  )

/** The owner's account, in a project. */
const within = (owner: UserActor, projectId: string): UserActor =>
  owner.sessionId === undefined ? owner : { ...owner, projects: { [projectId]: 'editor' as const } }

describe('the external id of a video', () => {
  it('is one of a project, and free in another', async () => {
    const owner = someUser()
    const projectId = randomUUID()
    const made = await createVideo(owner, { externalId: ' order-1 ', metadata: { customer: '42' } })
    expect(made).toMatchObject({ externalId: 'order-1', metadata: { customer: '42' }, revision: 1 })
    await expect(createVideo(owner, { externalId: 'order-1' })).rejects.toMatchObject(TAKEN)
    await createVideo(someUser(), { externalId: 'order-1' })
    const elsewhere = await createVideo(within(owner, projectId), { externalId: 'order-1', projectId })
    expect(elsewhere.projectId).toBe(projectId)
    expect((await createVideo(owner)).externalId).toBeNull()
    expect((await createVideo(owner, { externalId: null })).metadata).toEqual({})
  })

  it('is changed, removed and then free again', async () => {
    const owner = someUser()
    const [first, second] = [await createVideo(owner, { externalId: 'a' }), await createVideo(owner)]
    const set = (videoId: string, externalId: string | null) => call(media.updateVideo, { videoId, externalId }, owner)
    await expect(set(second.id, 'a')).rejects.toMatchObject(TAKEN)
    expect((await getVideo(second.id, owner)).externalId).toBeNull()
    expect((await set(first.id, 'a')).externalId).toBe('a')
    expect((await set(first.id, null)).externalId).toBeNull()
    expect((await set(second.id, 'a')).externalId).toBe('a')
    await call(media.deleteVideo, { videoId: second.id }, owner)
    expect((await set(first.id, 'a')).externalId).toBe('a')
  })

  it('is given to exactly one of several requests at the same time', async () => {
    const owner = someUser()
    const creates = await codesOf(Array.from({ length: 8 }, () => createVideo(owner, { externalId: 'raced' })))
    expect(creates.sort()).toEqual([...Array(7).fill('EXTERNAL_ID_TAKEN'), 'done'])
    const videos = await Promise.all(Array.from({ length: 4 }, () => createVideo(owner)))
    const changes = videos.map(({ id }) => call(media.updateVideo, { videoId: id, externalId: 'again' }, owner))
    expect((await codesOf(changes)).sort()).toEqual([...Array(3).fill('EXTERNAL_ID_TAKEN'), 'done'])
  })

  it('is not exchanged between two videos at the same time', async () => {
    const owner = someUser()
    const [x, y] = [await createVideo(owner, { externalId: 'x' }), await createVideo(owner, { externalId: 'y' })]
    const set = (videoId: string, externalId: string) => call(media.updateVideo, { videoId, externalId }, owner)
    expect(await codesOf([set(x.id, 'y'), set(y.id, 'x')])).toEqual(['EXTERNAL_ID_TAKEN', 'EXTERNAL_ID_TAKEN'])
  })

  it('of a resumable upload is that of its new video', async () => {
    const owner = someUser()
    const about = { filename: 'sea.mp4', contentType: 'video/mp4', bytes: 1000, metadata: null }
    const create = () => call(media.createUpload, { ...about, externalId: 'tus', videoMetadata: { a: 'b' } }, owner)
    const { videoId } = await create()
    expect(await getVideo(videoId, owner)).toMatchObject({ externalId: 'tus', metadata: { a: 'b' } })
    await expect(create()).rejects.toMatchObject(TAKEN)
    expect((await call(media.getUsage, {}, owner)).uploads).toBe(1)
  })

  it('is shown, with the metadata, to members of the project only, and in webhooks', async () => {
    const owner = someUser()
    await call(media.createWebhook, { url: 'https://hooks.invalid/kinora', events: ['video.uploaded'] }, owner)
    const told = { externalId: 'mine', metadata: { secret: 'of ours' } }
    const { id } = await gateway.upload(owner, { ...told, visibility: 'public' })
    expect(await getVideo(id, owner)).toMatchObject(told)
    expect(await getVideo(id, someUser())).toMatchObject({ externalId: null, metadata: {} })
    const { body } = await ctx.db
      .selectFrom('webhook_deliveries')
      .select('body')
      .where('video_id', '=', id)
      .executeTakeFirstOrThrow()
    expect(JSON.parse(body).data).toMatchObject(told)
  })
})

describe('metadata', () => {
  it('is replaced as a whole', async () => {
    const owner = someUser()
    const { id } = await createVideo(owner, { metadata: { a: '1', b: '2' } })
    const change = (metadata: Record<string, string>) => call(media.updateVideo, { videoId: id, metadata }, owner)
    expect((await change({ b: '3', constructor: 'x' })).metadata).toEqual({ b: '3', constructor: 'x' })
    expect((await call(media.updateVideo, { videoId: id, title: 'Ebb' }, owner)).metadata.b).toBe('3')
    expect((await change({})).metadata).toEqual({})
  })

  it.each([
    [Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'v']))],
    [{ ['k'.repeat(41)]: 'v' }],
    [{ '': 'v' }],
    [{ k: 'v'.repeat(501) }],
    [{ k: 'a\u0000b' }],
    [{ 'k\u0000': 'v' }],
    [{ k: '\ud800' }],
    [{ k: 1 }],
    [{ k: null }],
    [{ k: { deep: 'v' } }],
    [['v']],
    ['v'],
  ])('is refused as %j', async (metadata) => {
    const refused = createVideo(someUser(), { metadata: metadata as Record<string, string> })
    await expect(refused).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
  })
})

describe('a list', () => {
  const owner = someUser()
  const projectId = randomUUID()
  const list = async (filter: object, actor = owner) =>
    (await call(media.listVideos, { sort: 'title', ...filter }, actor)).items.map(({ title }) => title)

  it('has the videos with this id or all of these pairs, of one project', async () => {
    const metadata = { customer: '42', plan: 'gold' }
    await createVideo(owner, { title: 'a', externalId: 'one', metadata })
    await createVideo(owner, { title: 'b', metadata: { customer: '42', plan: 'basic' } })
    await createVideo(owner, { title: 'c', metadata: { customer: '"%\\', [projectId]: 'x' } })
    await createVideo(within(owner, projectId), { title: 'd', projectId, externalId: 'one', metadata })
    await createVideo(someUser(), { title: 'e', externalId: 'one', metadata })
    expect(await list({ externalId: 'one' })).toEqual(['a'])
    expect(await list({ externalId: 'two' })).toEqual([])
    expect(await list({ metadata: { customer: '42' } })).toEqual(['a', 'b'])
    expect(await list({ metadata })).toEqual(['a'])
    expect(await list({ metadata: { customer: '4' } })).toEqual([])
    expect(await list({ metadata: { customer: '"%\\' } })).toEqual(['c'])
    expect(await list({ metadata: { plan: '42' } })).toEqual([])
    expect(await list({ metadata, projectId }, within(owner, projectId))).toEqual(['d'])
    await expect(list({ metadata, projectId })).rejects.toMatchObject({ code: 'PROJECT_NOT_FOUND' })
    await expect(list({ metadata: { '': projectId } })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
  })

  it('finds pairs by an index', async () => {
    await sql`insert into videos (id, owner_id, project_id, title, description, tags, visibility, renditions, metadata)
      select gen_random_uuid(), ${owner.userId}, ${owner.userId}, 'many', '', '{}', 'private', '[]',
        jsonb_build_object('customer', 'n' || n) from generate_series(1, 3000) as n`.execute(ctx.db)
    const page = { sort: '-createdAt', limit: 21, after: null } as const
    const scans = await ctx.db.transaction().execute(async (tx) => {
      await listVideos(tx, owner.userId, { metadata: { customer: 'n7' } }, page)
      const query = sql<{ scans: number }>`select pg_stat_get_xact_numscans('videos_metadata'::regclass)::int as scans`
      return (await query.execute(tx)).rows[0]?.scans
    })
    expect(scans).toBe(1)
    expect(await list({ metadata: { customer: 'n7' } })).toEqual(['many'])
  })

  it('has the videos of a time', async () => {
    const [first, second] = [await createVideo(owner, { title: 'x' }), await createVideo(owner, { title: 'y' })]
    expect(await list({ createdAfter: first.createdAt })).not.toContain('x')
    expect(await list({ createdBefore: second.createdAt })).toContain('a')
    expect(await list({ createdBefore: first.createdAt, createdAfter: second.createdAt })).toEqual([])
  })
})

describe('a revision', () => {
  it('grows with each update by a member, not with what else happens to a video', async () => {
    const owner = someUser()
    const { id, revision } = await createVideo(owner)
    const { uploadId, storageKey } = await call(media.beginUpload, uploadOf(id), owner)
    const uploaded = await call(media.completeUpload, { videoId: id, uploadId, storageKey, ...SOURCE }, owner)
    expect([uploaded.status, uploaded.revision]).toEqual(['uploaded', revision])
    const changed = await call(media.updateVideo, { videoId: id, title: 'Ebb', ifRevision: [7, revision] }, owner)
    expect(changed).toMatchObject({ title: 'Ebb', revision: revision + 1 })
    for (const ifRevision of [[revision], [], [99]]) {
      const stale = call(media.updateVideo, { videoId: id, title: 'Flow', ifRevision }, owner)
      await expect(stale).rejects.toMatchObject(CHANGED)
      await expect(call(media.deleteVideo, { videoId: id, ifRevision }, owner)).rejects.toMatchObject(CHANGED)
    }
    expect(await getVideo(id, owner)).toMatchObject({ title: 'Ebb', revision: revision + 1 })
    await call(media.deleteVideo, { videoId: id, ifRevision: [revision + 1] }, owner)
    const gone = call(media.deleteVideo, { videoId: id, ifRevision: [revision + 1] }, owner)
    await expect(gone).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  })

  it('lets exactly one of several changes at the same time through', async () => {
    const owner = someUser()
    const { id, revision } = await createVideo(owner)
    const update = (n: number) => call(media.updateVideo, { videoId: id, title: `${n}`, ifRevision: [revision] }, owner)
    const codes = await codesOf(Array.from({ length: 8 }, (_, n) => update(n)))
    expect(codes.sort()).toEqual([...Array(7).fill('VIDEO_CHANGED'), 'done'])
  })
})

describe('a video that expires', () => {
  it('is deleted at that time, unless it was put off', async () => {
    const owner = someUser()
    const soon = () => new Date(Date.now() + 1500).toISOString()
    const [gone, kept, late] = [
      await createVideo(owner, { expiresAt: soon(), externalId: 'e' }),
      await createVideo(owner, { expiresAt: soon() }),
      await createVideo(owner),
    ]
    const set = (videoId: string, expiresAt: string | null) => call(media.updateVideo, { videoId, expiresAt }, owner)
    expect((await set(kept.id, null)).expiresAt).toBeNull()
    const later = new Date(Date.now() + 3600_000).toISOString()
    expect((await set(late.id, later)).expiresAt).toBe(later)
    await until(async () => !(await ctx.readVideo(gone.id)))
    await until(() => gateway.heardOf('video.deleted', gone.id).length === 1)
    expect((await createVideo(owner, { externalId: 'e' })).expiresAt).toBeNull()
    expect((await getVideo(kept.id, owner)).id).toBe(kept.id)
    expect((await getVideo(late.id, owner)).id).toBe(late.id)
  })

  it.each(['2020-01-01T00:00:00Z', new Date().toISOString()])(
    'is not made or changed to one of %s',
    async (expiresAt) => {
      const owner = someUser()
      await expect(createVideo(owner, { expiresAt })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
      const { id } = await createVideo(owner)
      const changed = call(media.updateVideo, { videoId: id, expiresAt }, owner)
      await expect(changed).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
    },
  )
})
