import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Input, UploadLinkActor } from '@kinora/common/contract'
import { events, media } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it, test } from 'vitest'
import { connectAuditLog } from './support/audit-records.ts'
import { connectGateway, SOURCE, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world, { MAX_UPLOAD_BYTES: 5000, QUOTA_BYTES: 50_000 })
await startTestMedia(world, { MAX_UPLOAD_BYTES: 5000, QUOTA_BYTES: 50_000 })
const { call, bus, getVideo } = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const auditRecords = await connectAuditLog(world)
const revoked: string[] = []
await bus.listen(
  [events['upload-link.revoked']],
  ({ aggregateId }) => void revoked.push(aggregateId),
  () => {},
)
const owner = someUser()
const FILE = { filename: 'sea.mp4', contentType: 'video/mp4', bytes: 1000 }

async function expectRefusal(done: Promise<unknown>, code: string): Promise<void> {
  await expect(done).rejects.toMatchObject({ code })
}

async function createLink(input: Partial<Input<typeof media.createUploadLink>> = {}, actor = owner) {
  const link = await call(media.createUploadLink, input, actor)
  const { id: linkId, ownerId, projectId } = link
  return { ...link, visitor: { kind: 'upload-link', linkId, ownerId, projectId } satisfies UploadLinkActor }
}

const begin = (visitor: UploadLinkActor, change: Partial<Input<typeof media.beginLinkUpload>> = {}) =>
  call(media.beginLinkUpload, { ...FILE, ...change }, visitor)
const create = (visitor: UploadLinkActor) => call(media.createLinkUpload, { ...FILE, metadata: null }, visitor)
const linkOf = (linkId: string) => call(media.getUploadLink, { linkId }, owner)
const usesLeft = async (linkId: string) => (await linkOf(linkId)).usesLeft

async function finish(visitor: UploadLinkActor, { uploadId, storageKey, video }: Awaited<ReturnType<typeof begin>>) {
  return await call(media.completeUpload, { videoId: video.id, uploadId, storageKey, ...SOURCE }, visitor)
}

/** As if this link had been made so many seconds earlier. */
async function age(linkId: string, seconds: number): Promise<void> {
  await sql`update upload_links set expires_at = expires_at - make_interval(secs => ${seconds}::int)
    where id = ${linkId}`.execute(ctx.db)
}

test('a link shows its token once, and stores its hash; creating and revoking it is in the audit log', async () => {
  const { url, id, visitor: _, ...link } = await createLink({ title: 'Applications', tags: ['job'], maxBytes: 2000 })
  const token = new URL(url).pathname.split('/').at(-1) ?? ''
  expect(url).toBe(`https://kinora.test/u/${token}`)
  expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  const { items } = await call(media.listUploadLinks, {}, owner)
  expect(items[0]).toEqual({ id, ...link, videoIds: [] })
  expect(link).toMatchObject({ title: 'Applications', uses: 1, usesLeft: 1, contentTypes: null, revokedAt: null })
  const { rows } = await sql<{ row: string }>`select upload_links::text as row from upload_links`.execute(ctx.db)
  expect(rows.map(({ row }) => row).join()).not.toContain(token)
  const digest = createHash('sha256').update(token).digest('base64url')
  expect(await call(media.openUploadLink, { digest }, { kind: 'anonymous' })).toMatchObject({ id, maxBytes: 2000 })
  await call(media.revokeUploadLink, { linkId: id }, owner)
  await call(media.revokeUploadLink, { linkId: id }, owner)
  await expectRefusal(call(media.openUploadLink, { digest }, { kind: 'anonymous' }), 'UPLOAD_LINK_REVOKED')
  await until(() => auditRecords(id).length === 2)
  expect(auditRecords(id)).toMatchObject([
    { action: 'upload_link_create', actor: { userId: owner.userId } },
    { action: 'upload_link_revoke', actor: { userId: owner.userId } },
  ])
})

test('the video has what the link says, and belongs to its project', async () => {
  const metadata = { applicant: '4711', job: 'Sänger' }
  const { visitor, id, ...link } = await createLink({
    title: 'Sent',
    description: 'By a visitor',
    tags: ['x'],
    metadata,
  })
  expect(link).toMatchObject({ metadata, maxDurationSeconds: null })
  const begun = await begin(visitor)
  expect(await linkOf(id)).toMatchObject({ usesLeft: 0, videoIds: [] })
  expect(await call(media.getLinkVideo, { videoId: begun.video.id }, visitor)).toMatchObject({
    id: begun.video.id,
    status: 'awaiting_upload',
  })
  await finish(visitor, begun)
  const about = { title: 'Sent', description: 'By a visitor', tags: ['x'], visibility: 'private', metadata }
  const of = { ownerId: owner.userId, projectId: owner.userId, status: 'uploaded' }
  expect(await getVideo(begun.video.id, owner)).toMatchObject({ ...about, ...of })
  expect(await linkOf(id)).toMatchObject({ usesLeft: 0, videoIds: [begun.video.id] })
  const state = await call(media.getLinkVideo, { videoId: begun.video.id }, visitor)
  expect(Object.keys(state).sort()).toEqual(['error', 'id', 'progress', 'status'])
})

describe('a use', () => {
  it('is taken once, however many ask at the same time', async () => {
    const { visitor, id } = await createLink({ uses: 3 })
    const tries = Array.from({ length: 12 }, (_, at) =>
      (at % 2 ? begin(visitor) : create(visitor)).then(
        () => 'begun',
        (error: { code: string }) => error.code,
      ),
    )
    const outcomes = await Promise.all(tries)
    expect(outcomes.filter((it) => it === 'begun')).toHaveLength(3)
    expect(outcomes.filter((it) => it === 'UPLOAD_LINK_USED_UP')).toHaveLength(9)
    expect(await usesLeft(id)).toBe(0)
  })

  it('comes back when the upload is abandoned, expires, or its video is deleted', async () => {
    const { visitor, id } = await createLink()
    const { uploadId } = await begin(visitor)
    await call(media.abandonUpload, { uploadId }, visitor)
    expect(await usesLeft(id)).toBe(1)
    const resumable = await create(visitor)
    await sql`update uploads set expires_at = now() - interval '1 second' where id = ${resumable.uploadId}`.execute(
      ctx.db,
    )
    await until(async () => (await usesLeft(id)) === 1)
    const { video } = await begin(visitor)
    expect(await usesLeft(id)).toBe(0)
    await call(media.deleteVideo, { videoId: video.id }, owner)
    expect(await usesLeft(id)).toBe(1)
  })

  it('does not come back after the file has arrived, whatever is deleted', async () => {
    const { visitor, id } = await createLink({ uses: 2 })
    const begun = await begin(visitor)
    await finish(visitor, begun)
    await call(media.abandonUpload, { uploadId: begun.uploadId }, visitor).catch(() => {})
    await call(media.deleteVideo, { videoId: begun.video.id }, owner)
    const { uploadId, videoId } = await create(visitor)
    const piece = await call(media.beginPiece, { uploadId, offset: 0 }, visitor)
    await ctx.store.writePiece(piece.pieceKey, Readable.from([Buffer.alloc(FILE.bytes)]), piece.maxBytes)
    const { finish: last } = await call(media.endPiece, { uploadId, pieceId: piece.pieceId }, visitor)
    if (!last) throw new Error('all bytes are there')
    const written = await ctx.store.joinPieces(last.pieces, last.storageKey)
    const source = { videoId, uploadId, storageKey: last.storageKey, filename: null, ...written }
    await call(media.completeUpload, source, visitor)
    await call(media.abandonUpload, { uploadId }, visitor)
    expect(await linkOf(id)).toMatchObject({ usesLeft: 0, videoIds: [videoId] })
    await expectRefusal(begin(visitor), 'UPLOAD_LINK_USED_UP')
  })

  it('is not taken by what is refused', async () => {
    const { visitor, id } = await createLink({ maxBytes: 2000, contentTypes: ['video/mp4'] })
    await expectRefusal(begin(visitor, { bytes: 2001 }), 'UPLOAD_TOO_LARGE')
    await expectRefusal(begin(visitor, { contentType: 'video/webm' }), 'SOURCE_TYPE_UNSUPPORTED')
    await expectRefusal(begin(visitor, { contentType: null }), 'SOURCE_TYPE_UNSUPPORTED')
    expect(await usesLeft(id)).toBe(1)
    expect(await begin(visitor, { bytes: null })).toMatchObject({ maxBytes: 2000 })
  })

  it('reserves quota of the project', async () => {
    const poor = someUser()
    const { visitor } = await createLink({ uses: 20 }, poor)
    for (let begun = 0; begun < 10; begun++) await begin(visitor, { bytes: 5000 })
    await expectRefusal(begin(visitor), 'QUOTA_EXCEEDED')
  })
})

test('a link reaches its own uploads and videos only', async () => {
  const [mine, other] = [await createLink({ uses: 2 }), await createLink()]
  const theirs = await begin(other.visitor)
  const { uploadId } = await create(mine.visitor)
  const own = await call(media.createUpload, { ...FILE, metadata: null }, owner)
  for (const visitor of [mine.visitor, other.visitor]) {
    const foreign = visitor === mine.visitor ? theirs.uploadId : uploadId
    for (const id of [foreign, own.uploadId]) {
      await expectRefusal(call(media.settleUpload, { uploadId: id }, visitor), 'UPLOAD_NOT_FOUND')
      await expectRefusal(call(media.beginPiece, { uploadId: id, offset: 0 }, visitor), 'UPLOAD_NOT_FOUND')
      await expectRefusal(call(media.abandonUpload, { uploadId: id }, visitor), 'UPLOAD_NOT_FOUND')
      await expectRefusal(call(media.keepUpload, { uploadId: id }, visitor), 'UPLOAD_NOT_FOUND')
    }
  }
  await expectRefusal(finish(mine.visitor, theirs), 'VIDEO_NOT_FOUND')
  await expectRefusal(call(media.getLinkVideo, { videoId: theirs.video.id }, mine.visitor), 'VIDEO_NOT_FOUND')
  await expectRefusal(call(media.getLinkVideo, { videoId: own.videoId }, mine.visitor), 'VIDEO_NOT_FOUND')
  for (const method of [media.getVideo, media.deleteVideo]) {
    await expect(call(method, { videoId: theirs.video.id }, other.visitor)).rejects.toBeDefined()
  }
  expect(await finish(other.visitor, theirs)).toMatchObject({ status: 'uploaded' })
})

test('a revoked link ends what is under way, and what has arrived stays', async () => {
  const { visitor, id } = await createLink({ uses: 3 })
  const arrived = await begin(visitor)
  await finish(visitor, arrived)
  const [single, resumable] = [await begin(visitor), await create(visitor)]
  await call(media.revokeUploadLink, { linkId: id }, owner)
  await until(() => revoked.includes(id))
  await expectRefusal(begin(visitor), 'UPLOAD_LINK_REVOKED')
  await expectRefusal(finish(visitor, single), 'VIDEO_NOT_FOUND')
  await expectRefusal(call(media.beginPiece, { uploadId: resumable.uploadId, offset: 0 }, visitor), 'UPLOAD_NOT_FOUND')
  for (const videoId of [single.video.id, resumable.videoId]) {
    await expectRefusal(getVideo(videoId, owner), 'VIDEO_NOT_FOUND')
  }
  expect(await linkOf(id)).toMatchObject({ usesLeft: 2, videoIds: [arrived.video.id] })
  await expectRefusal(call(media.getLinkVideo, { videoId: arrived.video.id }, visitor), 'VIDEO_NOT_FOUND')
})

test('an expired link begins nothing, and finishes what it began within a day', async () => {
  const { visitor, id } = await createLink({ uses: 3, expiresIn: 60 })
  const [soon, late] = [await begin(visitor), await begin(visitor)]
  await age(id, 60)
  await expectRefusal(begin(visitor), 'UPLOAD_LINK_EXPIRED')
  await expectRefusal(create(visitor), 'UPLOAD_LINK_EXPIRED')
  expect(await finish(visitor, soon)).toMatchObject({ status: 'uploaded' })
  await age(id, 24 * 3600)
  await expectRefusal(finish(visitor, late), 'VIDEO_NOT_FOUND')
})

test('metadata of a link has the limits of metadata of videos, and each video its own copy', async () => {
  const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`key ${at}`, 'value']))
  await expectRefusal(createLink({ metadata: pairs(51) }), 'VALIDATION_FAILED')
  await expectRefusal(createLink({ metadata: { ['k'.repeat(41)]: '' } }), 'VALIDATION_FAILED')
  const { visitor } = await createLink({ metadata: pairs(50), uses: 2 })
  const [one, two] = [(await begin(visitor)).video.id, (await create(visitor)).videoId]
  await call(media.updateVideo, { videoId: one, metadata: {} }, owner)
  expect((await getVideo(two, owner)).metadata).toEqual(pairs(50))
})

describe('the length of a video, known after the probe', () => {
  it.each([
    [10, null],
    [9, 'VIDEO_TOO_LONG'],
  ])('of a link for %i s decides, also when the link is gone and the video is tried again', async (most, code) => {
    const { visitor, id } = await createLink({ maxDurationSeconds: most })
    const begun = await begin(visitor)
    await finish(visitor, begun)
    await sql`delete from upload_links where id = ${id}`.execute(ctx.db)
    const probe = async () => {
      const task = await worker.take(begun.video.id)
      await worker.finish(task, { kind: 'probe', facts: someFacts(10) })
      return await until(async () => {
        const found = await getVideo(begun.video.id, owner)
        return (found.status === 'failed' || found.progress.stage === 'transcoding') && found
      })
    }
    expect((await probe()).error?.code ?? null).toBe(code)
    if (code === null) return
    await call(media.retryVideo, { videoId: begun.video.id }, owner)
    expect((await probe()).error).toEqual({
      code,
      detail: 'The video is 10 s long; its upload link takes at most 9 s',
    })
  })
})

describe('the type of a file, known after the probe', () => {
  it.each([
    ['video/mp4', undefined],
    ['video/webm', 'SOURCE_TYPE_NOT_ALLOWED'],
  ])('of a link for %s decides', async (type, code) => {
    const { visitor } = await createLink({ contentTypes: [type] })
    const begun = await begin(visitor, { contentType: type })
    await finish(visitor, begun)
    const task = await worker.take(begun.video.id)
    await worker.finish(task, { kind: 'probe', facts: someFacts(10) })
    const probed = await until(async () => {
      const found = await call(media.getLinkVideo, { videoId: begun.video.id }, visitor)
      return (found.status === 'failed' || found.progress.stage === 'transcoding') && found
    })
    expect(probed.error?.code).toBe(code)
  })
})
