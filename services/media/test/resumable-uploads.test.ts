import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Input } from '@kinora/common/contract'
import { media } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it, test } from 'vitest'
import { connectGateway, someUser, type UserActor } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world, { MAX_UPLOAD_BYTES: 5000 })
await startTestMedia(world, { MAX_UPLOAD_BYTES: 5000 })
const { call, createVideo, getVideo } = await connectGateway(world)
const owner = someUser()
const CONTENT = 'It is only with the heart'
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')

async function create(change: Partial<Input<typeof media.createUpload>> = {}, actor: UserActor = owner) {
  const input = { filename: 'sea.mp4', contentType: 'video/mp4', bytes: CONTENT.length, metadata: null, ...change }
  return await call(media.createUpload, input, actor)
}

/** What a gateway does with the body of a request; `end` is left out by one that dies. */
async function bring(uploadId: string, offset: number, text: string) {
  const piece = await call(media.beginPiece, { uploadId, offset }, owner)
  await ctx.store.writePiece(piece.pieceKey, Readable.from([Buffer.from(text)]), piece.maxBytes)
  return { end: () => call(media.endPiece, { uploadId, pieceId: piece.pieceId }, owner), pieceId: piece.pieceId }
}

const settle = (uploadId: string, actor = owner) => call(media.settleUpload, { uploadId }, actor)

/** As if nobody had been heard of for so long. */
async function age(uploadId: string, seconds: number): Promise<void> {
  await sql`update uploads set touched_at = touched_at - make_interval(secs => ${seconds}::int),
    expires_at = expires_at - make_interval(secs => ${seconds}::int) where id = ${uploadId}`.execute(ctx.db)
}

async function piecesLeft(videoId: string): Promise<number> {
  let found = 0
  for await (const _ of ctx.store.list(keys.piecesFolder(videoId))) found++
  return found
}

async function isGone(videoId: string): Promise<boolean> {
  return await getVideo(videoId, owner).then(
    () => false,
    () => true,
  )
}

test('what orderly and dying writers have brought is counted to the byte, and becomes the source', async () => {
  const { id } = await createVideo(owner)
  const { uploadId, offset } = await create({ videoId: id })
  expect(offset).toBe(0)
  const first = await bring(uploadId, 0, CONTENT.slice(0, 7))
  expect(await first.end()).toMatchObject({ offset: 7, completed: false, finish: null })
  await bring(uploadId, 7, CONTENT.slice(7, 10))
  expect(await settle(uploadId)).toMatchObject({ offset: 10 })
  const last = await bring(uploadId, 10, CONTENT.slice(10))
  const { finish } = await last.end()
  if (!finish) throw new Error('all bytes are there')

  const written = await ctx.store.joinPieces(finish.pieces, finish.storageKey)
  expect(written).toEqual({ bytes: CONTENT.length, sha256: SHA256 })
  const source = { videoId: id, uploadId, storageKey: finish.storageKey, filename: finish.filename, ...written }
  expect(await call(media.completeUpload, source, owner)).toMatchObject({ status: 'uploaded', source: written })
  // A client that did not hear of it may ask.
  expect(await settle(uploadId)).toMatchObject({ offset: CONTENT.length, completed: true, finish: null })
  await until(async () => (await piecesLeft(id)) === 0)
})

test('whoever comes last writes: the bytes of a request whose place was taken do not count', async () => {
  const { uploadId } = await create()
  const older = await bring(uploadId, 0, 'It is')
  const newer = await call(media.beginPiece, { uploadId, offset: 5 }, owner)
  await expect(older.end()).rejects.toMatchObject({ code: 'UPLOAD_SUPERSEDED' })
  await expect(call(media.keepUpload, { uploadId, pieceId: older.pieceId }, owner)).rejects.toMatchObject({
    code: 'UPLOAD_SUPERSEDED',
  })
  await call(media.keepUpload, { uploadId, pieceId: newer.pieceId }, owner)
  await ctx.store.writePiece(newer.pieceKey, Readable.from([Buffer.from(' only')]), newer.maxBytes)
  const ended = await call(media.endPiece, { uploadId, pieceId: newer.pieceId }, owner)
  expect(ended.offset).toBe(10)
  // Asked again, because the answer was lost.
  expect(await call(media.endPiece, { uploadId, pieceId: newer.pieceId }, owner)).toEqual(ended)
})

test('many requests at the same offset at once: one is counted', async () => {
  const { uploadId } = await create()
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, async () => (await bring(uploadId, 0, 'It is')).end()),
  )
  expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true)
  expect((await settle(uploadId)).offset).toBe(5)
})

test('a request at a wrong offset is refused, and takes nothing over', async () => {
  const { uploadId } = await create()
  const writing = await bring(uploadId, 0, 'It is')
  const wrong = call(media.beginPiece, { uploadId, offset: 3 }, owner)
  await expect(wrong).rejects.toMatchObject({ code: 'UPLOAD_OFFSET_MISMATCH' })
  expect(await writing.end()).toMatchObject({ offset: 5 })
})

test('to everybody but its owner an upload does not exist', async () => {
  const { uploadId, videoId } = await create()
  const stranger = someUser()
  const missing = { code: 'UPLOAD_NOT_FOUND' }
  await expect(settle(uploadId, stranger)).rejects.toMatchObject(missing)
  await expect(call(media.beginPiece, { uploadId, offset: 0 }, stranger)).rejects.toMatchObject(missing)
  await expect(call(media.keepUpload, { uploadId }, stranger)).rejects.toMatchObject(missing)
  await expect(call(media.abandonUpload, { uploadId }, stranger)).rejects.toMatchObject(missing)
  await expect(create({ videoId }, stranger)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
})

describe('an upload that is given up', () => {
  it('takes its pieces along, and the video that was made for it', async () => {
    const { uploadId, videoId } = await create({ title: 'A day at sea' })
    expect(await getVideo(videoId, owner)).toMatchObject({ title: 'A day at sea', visibility: 'private' })
    await bring(uploadId, 0, 'It is')
    await call(media.abandonUpload, { uploadId }, owner)
    await expect(settle(uploadId)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
    expect(await isGone(videoId)).toBe(true)
    await until(async () => (await piecesLeft(videoId)) === 0)
  })

  it('leaves a video that was there before', async () => {
    const { id } = await createVideo(owner)
    const { uploadId } = await create({ videoId: id })
    await call(media.abandonUpload, { uploadId }, owner)
    expect((await getVideo(id, owner)).status).toBe('awaiting_upload')
  })
})

describe('an upload that is left alone', () => {
  it('expires, later with every sign of its client', async () => {
    const { uploadId, videoId, expiresAt } = await create()
    await age(uploadId, 3600)
    expect(Date.parse((await settle(uploadId)).expiresAt)).toBeGreaterThanOrEqual(Date.parse(expiresAt))
    await age(uploadId, 90_000)
    await expect(settle(uploadId)).rejects.toMatchObject({
      code: expect.stringMatching(/^UPLOAD_(EXPIRED|NOT_FOUND)$/),
    })
    await until(() => isGone(videoId))
    await expect(settle(uploadId)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  })

  it('with all bytes is finished, although its gateway has died and its client does not come back', async () => {
    const { uploadId, videoId } = await create()
    await (await bring(uploadId, 0, CONTENT.slice(0, 5))).end()
    await bring(uploadId, 5, CONTENT.slice(5))
    await age(uploadId, 90_000)
    await until(async () => (await getVideo(videoId, owner)).status === 'uploaded')
    expect((await getVideo(videoId, owner)).source).toMatchObject({ sha256: SHA256, filename: 'sea.mp4' })
  })
})

test('an upload for a video that has got its source from elsewhere is refused its next bytes', async () => {
  const { id } = await createVideo(owner)
  const [first, second] = [await create({ videoId: id }), await create({ videoId: id })]
  const { finish } = await (await bring(first.uploadId, 0, CONTENT)).end()
  const written = await ctx.store.joinPieces(finish?.pieces ?? [], finish?.storageKey ?? '')
  const source = { videoId: id, uploadId: first.uploadId, storageKey: finish?.storageKey ?? '', filename: null }
  await call(media.completeUpload, { ...source, ...written }, owner)
  const refused = { code: 'SOURCE_ALREADY_UPLOADED' }
  await expect(call(media.beginPiece, { uploadId: second.uploadId, offset: 0 }, owner)).rejects.toMatchObject(refused)
  await expect(create({ videoId: id })).rejects.toMatchObject(refused)
})

test('an upload for a video that is over its processing brings another source, and is finished as any other', async () => {
  const { id } = await createVideo(owner)
  const first = await create({ videoId: id })
  await (await bring(first.uploadId, 0, CONTENT)).end()
  await age(first.uploadId, 90_000)
  await until(async () => (await getVideo(id, owner)).status === 'uploaded')
  await sql`update videos set status = 'failed' where id = ${id}`.execute(ctx.db)
  const { uploadId } = await create({ videoId: id, bytes: 5 })
  await (await bring(uploadId, 0, 'Other')).end()
  expect((await getVideo(id, owner)).replacement).toBeNull()
  // Its client does not come back.
  await age(uploadId, 3600)
  await until(async () => (await getVideo(id, owner)).replacement?.status === 'processing')
  expect((await getVideo(id, owner)).source).toMatchObject({ sha256: SHA256 })
  expect(await settle(uploadId)).toMatchObject({ completed: true })
})

test('what cannot be a video is not begun', async () => {
  const before = await call(media.getUsage, {}, owner)
  await expect(create({ contentType: 'text/html' })).rejects.toMatchObject({ code: 'SOURCE_TYPE_UNSUPPORTED' })
  await expect(create({ bytes: 5001 })).rejects.toMatchObject({ code: 'UPLOAD_TOO_LARGE' })
  expect(await call(media.getUsage, {}, owner)).toEqual(before)
})
