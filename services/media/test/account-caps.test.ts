import { randomUUID } from 'node:crypto'
import { media } from '@kinora/common/contracts'
import { useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { connectGateway, SOURCE, someUser, type UserActor, uploadOf } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'

const world = await useTestEnvironment()
const CAPS = { QUOTA_BYTES: 4000, MAX_VIDEOS_PER_ACCOUNT: 3, MAX_OPEN_UPLOADS: 2, MAX_LINKS_PER_ACCOUNT: 2 }
const { ctx } = await startTestMedia(world, CAPS)
await startTestMedia(world, CAPS)
const { call, createVideo, upload } = await connectGateway(world)

/** Codes of the refused calls, of eight at once. */
async function refusalsOfMany(make: () => Promise<unknown>): Promise<string[]> {
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, make))
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
}

const usageOf = (owner: UserActor) => call(media.getUsage, {}, owner)

/** Captions of about 940 bytes. */
const captions = (videoId: string, lang: string) => ({
  videoId,
  lang,
  text: `WEBVTT\n\n00:01.000 --> 00:02.000\n${'x'.repeat(860)}\n`,
})

describe('the quota of bytes', () => {
  it('counts captions, and replaced ones until they are removed', async () => {
    const owner = someUser()
    const { id } = await upload(owner)
    for (const lang of ['en', 'fr']) await call(media.putCaptions, captions(id, lang), owner)
    const { bytes, retiredBytes } = await usageOf(owner)
    expect(bytes).toBeGreaterThan(SOURCE.bytes + 2 * 860)
    expect(retiredBytes).toBe(0)

    await call(media.putCaptions, captions(id, 'fr'), owner)
    expect(await usageOf(owner)).toMatchObject({ bytes, retiredBytes: (bytes - SOURCE.bytes) / 2 })
    const more = call(media.putCaptions, captions(id, 'fr'), owner)
    await expect(more).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
    await expect(call(media.beginUpload, uploadOf(id), owner)).rejects.toMatchObject({
      code: 'SOURCE_ALREADY_UPLOADED',
    })
    await call(media.deleteCaptions, { videoId: id, lang: 'en' }, owner)
    await call(media.deleteVideo, { videoId: id }, owner)
    expect((await usageOf(owner)).bytes).toBe(0)
  })

  it('is not exceeded by captions that are put at once', async () => {
    const owner = someUser()
    const { id } = await createVideo(owner)
    const langs = ['en', 'fr', 'de', 'it', 'es', 'pt', 'nl', 'sv']
    expect(await refusalsOfMany(() => call(media.putCaptions, captions(id, langs.pop() ?? ''), owner))).toEqual(
      Array(4).fill('QUOTA_EXCEEDED'),
    )
  })

  it('counts chapters and watermarks', async () => {
    const owner = someUser()
    const { id: videoId } = await createVideo(owner)
    const watermark = { position: 'center', opacity: 1, width: 10 } as const
    const picture = { width: 10, height: 10, bytes: 3000 }
    const pictureId = randomUUID()
    await call(media.putWatermark, { videoId, pictureId, picture, ...watermark }, owner)
    expect((await usageOf(owner)).bytes).toBe(3000)
    const larger = { videoId, pictureId: randomUUID(), picture: { ...picture, bytes: 4001 }, ...watermark }
    await expect(call(media.putWatermark, larger, owner)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })

    const chapters = Array.from({ length: 10 }, (_, start) => ({ start, title: 'x'.repeat(80) }))
    await expect(call(media.putChapters, { videoId, chapters }, owner)).rejects.toMatchObject({
      code: 'QUOTA_EXCEEDED',
    })
    await call(media.putChapters, { videoId, chapters: chapters.slice(0, 5) }, owner)
    expect((await usageOf(owner)).bytes).toBeGreaterThan(3400)
    await expect(call(media.beginUpload, uploadOf(videoId), owner)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  })
})

describe('an account has a limited number', () => {
  it('of videos, also of those that are made by uploads', async () => {
    const owner = someUser()
    expect(await refusalsOfMany(() => createVideo(owner))).toEqual(Array(5).fill('VIDEO_LIMIT_REACHED'))
    const begun = call(media.createUpload, { filename: 'a.mp4', contentType: null, bytes: 1, metadata: null }, owner)
    await expect(begun).rejects.toMatchObject({ code: 'VIDEO_LIMIT_REACHED' })
    await createVideo(someUser())
  })

  it('of open uploads, in one request or resumable', async () => {
    const owner = someUser()
    const { id: videoId } = await createVideo(owner)
    const resumable = { videoId, filename: 'a.mp4', contentType: null, bytes: 1, metadata: null }
    let count = 0
    const begin = () => {
      count += 1
      if (count % 2 === 0) return call(media.beginUpload, { ...uploadOf(videoId), bytes: 1 }, owner)
      return call(media.createUpload, resumable, owner)
    }
    expect(await refusalsOfMany(begin)).toEqual(Array(6).fill('UPLOAD_LIMIT_REACHED'))
  })

  it('of playback links that have not expired', async () => {
    const owner = someUser()
    const { id: videoId } = await upload(owner)
    await sql`update videos set playable = true, plan = '{"rungs": []}' where id = ${videoId}`.execute(ctx.db)
    const link = () => call(media.createPlaybackToken, { videoId }, owner)
    expect(await refusalsOfMany(link)).toEqual(Array(6).fill('PLAYBACK_LINK_LIMIT_REACHED'))
    await sql`update playback_tokens set expires_at = now() where video_id = ${videoId}`.execute(ctx.db)
    expect((await link()).id).toBeDefined()
  })
})
