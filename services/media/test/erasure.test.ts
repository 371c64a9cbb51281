import { randomUUID } from 'node:crypto'
import { type Bus, connectBus } from '@kinora/common/bus'
import type { EventEnvelope, ProjectRole } from '@kinora/common/contract'
import { auth as authContract, events, media } from '@kinora/common/contracts'
import { createLogger } from '@kinora/common/service'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { connectGateway, SOURCE, someUser, type UserActor, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { resultOf } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
let running = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, running.ctx)
const auth = await connectAuth()
const answers: string[] = []
/** Accounts that auth has deleted. */
const erased = new Set<string>()

/** As auth, which says that accounts are gone and hears when nothing is left. */
async function connectAuth(): Promise<Bus> {
  const bus = await connectBus({
    url: world.amqpUrl('auth'),
    service: 'auth',
    logger: createLogger('test', 'silent'),
  })
  world.use(bus, 'bus', (it) => it.drain())
  const { getErasure } = authContract
  await bus.serve({ getErasure }, { getErasure: async ({ userId }) => ({ erased: erased.has(userId) }) })
  await bus.subscribe({
    group: 'auth',
    events: [events['video.owner-erased']],
    handle: async ({ aggregateId }) => void answers.push(aggregateId),
  })
  return bus
}

async function erase({ userId }: UserActor): Promise<void> {
  erased.add(userId)
  await publishErased(userId)
}

async function publishErased(userId: string): Promise<void> {
  const { type, version } = events['auth.user-erased']
  const envelope: EventEnvelope = {
    id: randomUUID(),
    type,
    version,
    occurredAt: new Date().toISOString(),
    aggregateId: userId,
    sequence: 1,
    data: { userId },
  }
  await auth.publish(envelope)
}

const db = () => running.ctx.db
const store = () => running.ctx.store

async function keysUnder(...folders: string[]): Promise<string[]> {
  const found: string[] = []
  for (const folder of folders) for await (const key of store().list(folder)) found.push(key)
  return found
}
const filesOf = (videoId: string) => keysUnder(keys.videoFolder(videoId), keys.sourceFolder(videoId))

async function isGone(videoId: string): Promise<boolean> {
  const row = await db().selectFrom('videos').select('id').where('id', '=', videoId).executeTakeFirst()
  return row === undefined
}

/** As if the time had passed after which nobody can be writing there any more. */
async function passLateSweep({ userId }: UserActor): Promise<void> {
  await db().updateTable('deletions').set({ due_at: sql<Date>`now()` }).where('project_id', '=', userId).execute()
}

const untilAnswered = ({ userId }: UserActor) => until(() => answers.includes(userId), { timeoutMs: 45_000 })

async function begin(owner: UserActor, videoId: string) {
  const { uploadId, storageKey } = await gateway.call(media.beginUpload, uploadOf(videoId), owner)
  return { videoId, uploadId, storageKey, ...SOURCE }
}

test('all videos of an owner, their files and their links are removed, and nobody else’s', async () => {
  const [owner, other] = [someUser(), someUser()]
  const mine = [await gateway.upload(owner), await gateway.createVideo(owner, { visibility: 'public' })]
  const theirs = await gateway.upload(other)
  for (const { id } of [...mine, theirs]) {
    await store().put(keys.playlist(id, 'master.m3u8'), 'a playlist')
    await store().put(keys.source(id, randomUUID()), 'a source')
  }

  await erase(owner)
  for (const { id } of mine) {
    await until(() => isGone(id))
    await until(async () => (await filesOf(id)).length === 0)
    await until(() => gateway.heardOf('video.deleted', id).length === 1)
    await expect(gateway.call(media.authorizePlayback, { reference: id }, owner)).rejects.toMatchObject({
      code: 'VIDEO_NOT_FOUND',
    })
  }
  expect(answers).not.toContain(owner.userId)
  await passLateSweep(owner)
  await untilAnswered(owner)

  expect(await filesOf(theirs.id)).toHaveLength(2)
  expect((await gateway.getVideo(theirs.id, other)).id).toBe(theirs.id)
})

test('an event about an account that auth has not deleted destroys nothing', async () => {
  const [owner, deleted] = [someUser(), someUser()]
  const { id } = await gateway.upload(owner)
  await store().put(keys.source(id, randomUUID()), 'a source')
  await publishErased(owner.userId)
  // Consumed in order with the next one: when that is answered, this one was handled.
  await erase(deleted)
  await untilAnswered(deleted)
  expect(await filesOf(id)).toHaveLength(1)
  expect((await gateway.createVideo(owner)).ownerId).toBe(owner.userId)
})

test('an owner who is erased makes no video afterwards, nor while it happens', async () => {
  const owner = someUser()
  const tries = Array.from({ length: 8 }, () =>
    gateway.createVideo(owner).catch((error: { code: string }) => error.code),
  )
  await erase(owner)
  const outcomes = await Promise.all(tries)
  await passUntilAnswered(owner)
  await expect(gateway.createVideo(owner)).rejects.toMatchObject({ code: 'ACCOUNT_ERASED' })
  for (const outcome of outcomes) {
    if (typeof outcome === 'string') expect(outcome).toBe('ACCOUNT_ERASED')
    else expect(await isGone(outcome.id)).toBe(true)
  }
})

async function passUntilAnswered(owner: UserActor): Promise<void> {
  await until(
    async () => {
      await passLateSweep(owner)
      return answers.includes(owner.userId)
    },
    { timeoutMs: 45_000, every: 200 },
  )
}

test('an upload that ends after the erasure is dropped with its bytes', async () => {
  const owner = someUser()
  const { id } = await gateway.createVideo(owner)
  const upload = await begin(owner, id)
  await erase(owner)
  await until(() => isGone(id))
  await until(async () => (await filesOf(id)).length === 0)
  await store().put(upload.storageKey, 'the last bytes')
  await expect(gateway.call(media.completeUpload, upload, owner)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  await until(async () => (await filesOf(id)).length === 0)
})

test('an upload that a gateway could not register is not registered after the erasure', async () => {
  const owner = someUser()
  const { id } = await gateway.createVideo(owner)
  const upload = await begin(owner, id)
  await erase(owner)
  await until(() => isGone(id))
  await store().put(upload.storageKey, 'bytes')
  await store().put(keys.receipt(upload.uploadId), JSON.stringify({ ...upload, userId: owner.userId }))
  await until(async () => (await filesOf(id)).length === 0)
  await until(async () => (await store().stat(keys.receipt(upload.uploadId))) === null)
  await passUntilAnswered(owner)
})

test('what a worker writes after the erasure is removed before it counts as finished', async () => {
  const owner = someUser()
  const { id } = await gateway.upload(owner)
  const task = await worker.take(id)
  await erase(owner)
  await until(() => isGone(id))
  await until(async () => (await filesOf(id)).length === 0)
  await store().put(`${task.outputKey}/poster.jpg`, 'a frame of the film')
  await worker.finish(task, resultOf(task.work, task.outputKey))
  expect(answers).not.toContain(owner.userId)
  await passUntilAnswered(owner)
  expect(await filesOf(id)).toEqual([])
})

test('an erasure that is said while media is down happens when it is back', async () => {
  const owner = someUser()
  const { id } = await gateway.upload(owner)
  await store().put(keys.playlist(id, 'master.m3u8'), 'a playlist')
  await running.stop()
  await erase(owner)
  running = await startTestMedia(world)
  await until(() => isGone(id))
  await until(async () => (await filesOf(id)).length === 0)
  await passUntilAnswered(owner)
})

test('who says it again after all was done is answered again', async () => {
  const owner = someUser()
  await erase(owner)
  await untilAnswered(owner)
  await erase(owner)
  await until(() => answers.filter((userId) => userId === owner.userId).length === 2)
})

test('a claimed account loses the webhooks, playback keys and upload links that were added before, and no later ones', async () => {
  const [owner, other] = [someUser(), someUser()]
  const link = await gateway.call(media.createUploadLink, {}, owner)
  // By the clock of the database, which has dated the link.
  const claimedAt = new Date(Date.parse(link.createdAt) + 1)
  const add = async ({ userId }: UserActor, createdAt: Date) => {
    const id = randomUUID()
    await sql`insert into webhooks (id, owner_id, project_id, url, events, secret, created_at)
      values (${id}, ${userId}, ${userId}, 'https://example.com', '{}', '', ${createdAt})`.execute(db())
    await sql`insert into playback_keys (id, owner_id, project_id, algorithm, public_key, created_at)
      values (${id}, ${userId}, ${userId}, 'ES256', '', ${createdAt})`.execute(db())
    return id
  }
  await add(owner, new Date(claimedAt.getTime() - 1))
  const kept = [await add(owner, new Date(claimedAt.getTime() + 1000)), await add(other, claimedAt)]
  const { type, version } = events['auth.account-claimed']
  const data = { userId: owner.userId, claimedAt: claimedAt.toISOString() }
  const envelope = { id: randomUUID(), occurredAt: claimedAt.toISOString(), aggregateId: owner.userId, sequence: 1 }
  await auth.publish({ ...envelope, type, version, data })
  const left = async () => {
    const { rows } = await sql<{ id: string }>`select id from webhooks
      where owner_id in (${owner.userId}, ${other.userId})`.execute(db())
    return rows.map(({ id }) => id).toSorted()
  }
  const keysLeft = async () => {
    const { rows } = await sql<{ id: string }>`select id from playback_keys
      where retired_at is null and owner_id in (${owner.userId}, ${other.userId})`.execute(db())
    return rows.map(({ id }) => id).toSorted()
  }
  await until(async () => (await left()).length < 3)
  await until(async () => (await keysLeft()).length < 3)
  expect([await left(), await keysLeft()]).toEqual([kept.toSorted(), kept.toSorted()])
  await until(async () => (await validLinks([link.id])).length === 0)
})

test('the sites of a project are those of its highest revision, and go with it', async () => {
  const owner = someUser()
  const { id: videoId } = await gateway.createVideo(owner, { allowedDomains: ['B\u00fccher.example', 'a.example'] })
  const { type, version } = events['auth.project-changed']
  const say = async (revision: number, allowedDomains: string[]) => {
    const about = { id: randomUUID(), occurredAt: new Date().toISOString(), aggregateId: owner.userId }
    const data = { projectId: owner.userId, revision, allowedDomains }
    await auth.publish({ ...about, sequence: revision, type, version, data })
  }
  const asked = (id: string) =>
    gateway.call(media.findAllowedDomains, { videoId: id }, { kind: 'service', name: 'gateway' })
  const of = { projectId: owner.userId, own: ['xn--bcher-kva.example', 'a.example'] }
  expect(await asked(videoId)).toEqual({ ...of, project: { domains: [], revision: 0 } })
  await expect(gateway.call(media.findAllowedDomains, { videoId }, owner)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await say(3, ['c.example'])
  await until(async () => (await asked(videoId)).project.revision === 3)
  await say(2, [])
  await say(4, ['d.example'])
  await until(async () => (await asked(videoId)).project.revision === 4)
  expect(await asked(videoId)).toEqual({ ...of, project: { domains: ['d.example'], revision: 4 } })
  const changed = await gateway.call(media.updateVideo, { videoId, allowedDomains: null }, owner)
  expect([changed.allowedDomains, (await asked(videoId)).own]).toEqual([null, null])
  await until(() => gateway.heardOf('video.changed', videoId).length > 0)
  expect(gateway.heardOf('video.changed', videoId).at(-1)?.data).toMatchObject({ allowedDomains: null })
  await erase(owner)
  const rows = async () => await sql`select from project_domains where project_id = ${owner.userId}`.execute(db())
  await until(async () => (await rows()).rows.length === 0)
  await say(5, ['e.example'])
  await expect(asked(videoId)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  expect((await rows()).rows).toEqual([])
})

/** The ids of these links that can still be used. */
async function validLinks(ids: string[]): Promise<string[]> {
  const query = db().selectFrom('upload_links').select('id').where('id', 'in', ids)
  const rows = await query.where('revoked_at', 'is', null).execute()
  return rows.map(({ id }) => id)
}

test('upload links end with their account, in other projects, too, and their uploads with them', async () => {
  const [owner, other] = [someUser(), someUser()]
  const projectId = other.userId
  const projects: Record<string, ProjectRole> = { [projectId]: 'editor' }
  const editor: UserActor = { kind: 'user', userId: owner.userId, sessionId: randomUUID(), role: 'user', projects }
  const add = (actor: UserActor, input = {}) => gateway.call(media.createUploadLink, input, actor)
  const links = [await add(owner), await add(editor, { projectId }), await add(other)]
  const [, shared, kept] = links.map(({ id }) => id)
  const visitor = { kind: 'upload-link', linkId: String(shared), ownerId: owner.userId, projectId } as const
  const file = { filename: null, contentType: 'video/mp4', bytes: 1000 }
  const { video } = await gateway.call(media.beginLinkUpload, file, visitor)
  await erase(owner)
  const ids = links.map(({ id }) => id)
  await until(async () => (await validLinks(ids)).join() === kept)
  await until(() => isGone(video.id))
  await passUntilAnswered(owner)
  await expect(gateway.call(media.beginLinkUpload, file, visitor)).rejects.toMatchObject({
    code: 'UPLOAD_LINK_REVOKED',
  })
  const row = await db().selectFrom('upload_links').select('id').where('project_id', '=', owner.userId).execute()
  expect(row).toEqual([])
})
