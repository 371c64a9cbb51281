import { randomUUID } from 'node:crypto'
import type { Input } from '@kinora/common/contract'
import { media, type Video } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { describe, expect, it, test } from 'vitest'
import { ANONYMOUS, connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const { call } = gateway
const owner = someUser()

const NOT_FOUND = { code: 'VIDEO_NOT_FOUND' }
const DENIED = { code: 'PLAYBACK_DENIED', detail: 'This playback link is no longer valid' }
const NOT_READY = { code: 'PLAYBACK_NOT_READY' }

async function readyVideo(input: Partial<Input<typeof media.createVideo>> = {}): Promise<Video> {
  const { id } = await gateway.upload(owner, input)
  await doAllWork(worker, id, someFacts(4, { width: 320, height: 240 }, false))
  return await videoWhen(gateway, owner, id, (video) => video.status === 'ready')
}

async function authorize(reference: string) {
  return await call(media.authorizePlayback, { reference }, ANONYMOUS)
}

/** The part of an address that stands for the right to play. */
function referenceIn(url: string | undefined): string {
  return /\/play\/([^/]+)\/master\.m3u8$/.exec(url ?? '')?.[1] ?? ''
}

test('the owner finds addresses in his private video that work as they are, and stay the same for a while', async () => {
  const video = await readyVideo()
  const reference = referenceIn(video.playback?.hlsUrl)
  expect(await authorize(reference)).toEqual({
    videoId: video.id,
    projectId: owner.userId,
    visibility: 'private',
    tokenId: null,
    maxHeight: null,
    download: true,
    posterKey: expect.stringMatching(`^videos/${video.id}/.*/poster.jpg$`),
    storyboard: null,
    captions: [],
    chaptersKey: null,
    expiresAt: expect.any(String),
    heights: [240],
    durationSeconds: 4,
    deliveryEpoch: 0,
    version: null,
  })
  expect(video.playback?.posterUrl).toBe(`https://kinora.test/play/${reference}/poster.jpg`)
  const listed = await call(media.listVideos, {}, owner)
  expect(listed.items.find((item) => item.id === video.id)?.playback).toEqual(video.playback)
})

test('a public or unlisted video plays by its id, a private one does not exist that way', async () => {
  for (const visibility of ['public', 'unlisted'] as const) {
    const video = await readyVideo({ visibility })
    expect(referenceIn(video.playback?.hlsUrl)).toBe(video.id)
    expect((await gateway.getVideo(video.id, ANONYMOUS)).playback).toEqual(video.playback)
    expect(await authorize(video.id)).toMatchObject({ videoId: video.id, tokenId: null, expiresAt: null })
    await call(media.updateVideo, { videoId: video.id, visibility: 'private' }, owner)
    await expect(authorize(video.id)).rejects.toMatchObject(NOT_FOUND)
  }
  await expect(authorize(randomUUID())).rejects.toMatchObject(NOT_FOUND)
})

test('what cannot be played yet says so, to those who may know of it', async () => {
  const hidden = await gateway.createVideo(owner)
  const shown = await gateway.createVideo(owner, { visibility: 'public' })
  await expect(authorize(hidden.id)).rejects.toMatchObject(NOT_FOUND)
  await expect(authorize(shown.id)).rejects.toMatchObject(NOT_READY)
  await expect(call(media.createPlaybackToken, { videoId: hidden.id }, owner)).rejects.toMatchObject(NOT_READY)
})

describe('a playback token', () => {
  it('grants what it was made for, until it is revoked', async () => {
    const video = await readyVideo()
    const wish = { videoId: video.id, expiresIn: 60, maxHeight: 480, download: true }
    const token = await call(media.createPlaybackToken, wish, owner)
    expect(token).toMatchObject({ hlsUrl: `https://kinora.test/play/${token.token}/master.m3u8`, storyboardUrl: null })
    expect(await authorize(token.token)).toMatchObject({
      videoId: video.id,
      tokenId: token.id,
      maxHeight: 480,
      download: true,
      expiresAt: token.expiresAt,
    })

    const other = await call(media.createPlaybackToken, { videoId: video.id }, owner)
    for (let n = 0; n < 2; n++) await call(media.revokePlaybackToken, { videoId: video.id, tokenId: token.id }, owner)
    await expect(authorize(token.token)).rejects.toMatchObject(DENIED)
    await until(() => gateway.heardOf('playback.revoked', video.id).length > 0)
    expect(gateway.heardOf('playback.revoked', video.id)[0]?.data).toMatchObject({ tokenId: token.id })
    expect((await authorize(other.token)).tokenId).toBe(other.id)
  })

  it('is not made where it would leave no picture to play', async () => {
    const { id } = await readyVideo()
    const ask = (maxHeight: number) => call(media.createPlaybackToken, { videoId: id, maxHeight }, owner)
    await expect(ask(239)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      fields: [{ path: 'maxHeight', message: expect.stringContaining('240') }],
    })
    expect((await ask(240)).token).toBeTruthy()
  })

  it('that is none of this video cannot be revoked', async () => {
    const video = await readyVideo()
    const revoke = (actor = owner) =>
      call(media.revokePlaybackToken, { videoId: video.id, tokenId: randomUUID() }, actor)
    await expect(revoke()).rejects.toMatchObject({ code: 'PLAYBACK_TOKEN_NOT_FOUND' })
    await expect(revoke(someUser())).rejects.toMatchObject(NOT_FOUND)
  })

  it('dies with its video', async () => {
    const video = await readyVideo()
    const { token } = await call(media.createPlaybackToken, { videoId: video.id }, owner)
    await call(media.deleteVideo, { videoId: video.id }, owner)
    await expect(authorize(token)).rejects.toMatchObject(NOT_FOUND)
    await expect(authorize(referenceIn(video.playback?.hlsUrl))).rejects.toMatchObject(NOT_FOUND)
  })

  it("of somebody else's making is refused", async () => {
    await expect(authorize('not.a.token')).rejects.toMatchObject(DENIED)
  })
})

describe('the delivery of a video', () => {
  const revocations = (video: Video) =>
    gateway.heardOf('video.delivery-revoked', video.id).map(({ data }) => (data as { epoch: number | null }).epoch)
  const listed = async (of: 'tokens' | 'videos') => {
    const { items } = await call(
      media.listPlaybackRevocations,
      { of, after: null },
      { kind: 'service', name: 'gateway' },
    )
    return new Map(items.map(({ id, epoch }) => [id, epoch]))
  }

  it('is revoked when its owner asks, when the video becomes private, and when it is deleted', async () => {
    const video = await readyVideo({ visibility: 'public' })
    const { id: videoId } = video
    const revoked = await call(media.revokeDelivery, { videoId }, owner)
    expect(revoked).toEqual({ revokedAt: expect.any(String), cacheTag: `video-${videoId}` })
    await until(() => revocations(video).length === 1)
    expect((await authorize(videoId)).deliveryEpoch).toBe(1)
    await call(media.updateVideo, { videoId, visibility: 'unlisted' }, owner)
    await call(media.updateVideo, { videoId, visibility: 'private' }, owner)
    await call(media.updateVideo, { videoId, visibility: 'private', title: 'Still private' }, owner)
    await call(media.updateVideo, { videoId, visibility: 'public' }, owner)
    await until(() => revocations(video).length === 2)
    expect((await authorize(videoId)).deliveryEpoch).toBe(2)
    expect((await listed('videos')).get(videoId)).toBe(2)
    await call(media.deleteVideo, { videoId }, owner)
    await until(() => revocations(video).length === 3)
    expect(revocations(video)).toEqual([1, 2, null])
    expect((await listed('videos')).get(videoId)).toBeNull()
  })

  it('is revoked by its owner only, and not before there is anything to revoke', async () => {
    const { id: videoId } = await gateway.createVideo(owner, { visibility: 'public' })
    await expect(call(media.revokeDelivery, { videoId }, owner)).rejects.toMatchObject(NOT_READY)
    await expect(call(media.revokeDelivery, { videoId }, someUser())).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await call(media.updateVideo, { videoId, visibility: 'private' }, owner)
    await expect(call(media.revokeDelivery, { videoId }, someUser())).rejects.toMatchObject(NOT_FOUND)
    expect((await listed('videos')).has(videoId)).toBe(false)
  })

  it('is known to gateways that start later, as are revoked links', async () => {
    const video = await readyVideo()
    const [kept, gone] = [
      await call(media.createPlaybackToken, { videoId: video.id }, owner),
      await call(media.createPlaybackToken, { videoId: video.id }, owner),
    ]
    await call(media.revokePlaybackToken, { videoId: video.id, tokenId: gone.id }, owner)
    const tokens = await listed('tokens')
    expect([tokens.has(gone.id), tokens.has(kept.id)]).toEqual([true, false])
    await expect(call(media.listPlaybackRevocations, { of: 'tokens', after: null }, owner)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
  })
})
