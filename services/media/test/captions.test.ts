import { media, type SourceChapter, type Video } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { ANONYMOUS, connectGateway, someUser, type UserActor } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

const TEXT = 'WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n'
const { call } = gateway
const put = (videoId: string, lang: string, label?: string, text = TEXT) =>
  call(media.putCaptions, { videoId, lang, text, ...(label && { label }) }, owner)
const remove = (videoId: string, lang: string) => call(media.deleteCaptions, { videoId, lang }, owner)

const FACTS = someFacts(4, { width: 320, height: 240 }, false)

async function readyVideo(): Promise<Video> {
  const { id } = await gateway.upload(owner, { visibility: 'unlisted' })
  await doAllWork(worker, id, FACTS)
  return await videoWhen(gateway, owner, id, (video) => video.status === 'ready')
}

const file = async (videoId: string, name: string) => (await ctx.store.get(keys.playlist(videoId, name))).toString()
const grantOf = (videoId: string) => call(media.authorizePlayback, { reference: videoId }, ANONYMOUS)

/** Names of the subtitles in the master playlist, once it is as it should be. */
async function subtitlesWhen(videoId: string, names: string[]): Promise<string> {
  return await until(async () => {
    const master = await file(videoId, 'master.m3u8')
    const found = [...master.matchAll(/TYPE=SUBTITLES.*?NAME="([^"]*)"/g)].map(([, name]) => name)
    return JSON.stringify(found) === JSON.stringify(names) && master
  })
}

/** The texts of a source with three subtitle tracks, when its probe and its other work are done. */
async function videoWithSubtitles(before: (videoId: string) => Promise<unknown> = async () => {}): Promise<string> {
  const { id } = await gateway.upload(owner, { visibility: 'unlisted' })
  await before(id)
  const probe = await worker.take(id, 'probe')
  const tracks = [
    { streamIndex: 2, codec: 'subrip', language: 'ger', forced: true },
    { streamIndex: 3, codec: 'subrip', language: 'ger' },
    { streamIndex: 4, codec: 'ass', language: 'eng', title: 'English "SDH"', sdh: true },
    { streamIndex: 5, codec: 'ass' },
  ]
  await worker.finish(probe, { kind: 'probe', facts: FACTS, subtitles: tracks })
  // It is queued with the first segments.
  const task = await worker.take(id, 'subtitles')
  const srt = '1\n00:00:00,000 --> 00:00:01,000\n1 < 2\n'
  for (const index of [2, 3, 4]) await ctx.store.put(`${task.outputKey}/${index}.vtt`, srt)
  await worker.finish(task, { kind: 'subtitles', found: [2, 3, 4] })
  await doAllWork(worker, id, FACTS)
  await videoWhen(gateway, owner, id, (video) => video.status === 'ready')
  return id
}

describe('subtitle tracks of a source', () => {
  it('are captions of the video from its first publication on, by language and role', async () => {
    const id = await videoWithSubtitles()
    const master = await subtitlesWhen(id, ['Deutsch', 'English SDH', 'Deutsch (forced)'])
    const lines = master.split('\n').filter((line) => line.includes('TYPE=SUBTITLES'))
    expect(lines.find((line) => line.includes('(forced)'))).toContain(
      'LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES',
    )
    expect(lines.find((line) => line.includes('SDH'))).toContain('CHARACTERISTICS="public.accessibility.transcribes-')
    const { items } = await call(media.listCaptions, { videoId: id }, owner)
    expect(items).toMatchObject([
      { lang: 'de', label: 'Deutsch', cues: 1, fromSource: true, forced: false, sdh: false },
      { lang: 'en', label: 'English SDH', fromSource: true, sdh: true },
      { lang: 'de', label: 'Deutsch (forced)', fromSource: true, forced: true },
    ])
    const [german] = (await grantOf(id)).captions
    expect((await ctx.store.get(german?.key ?? '')).toString()).toContain('1 &lt; 2')

    // Captions that the owner puts replace all of the language, and deleting a language deletes all of it.
    await put(id, 'de', 'Mein Deutsch')
    await subtitlesWhen(id, ['English SDH', 'Mein Deutsch'])
    await remove(id, 'en')
    await subtitlesWhen(id, ['Mein Deutsch'])
  })

  it('give way to captions that the owner has put before', async () => {
    const id = await videoWithSubtitles((videoId) => put(videoId, 'de', 'Mein Deutsch'))
    await subtitlesWhen(id, ['Mein Deutsch', 'English SDH'])
    const { items } = await call(media.listCaptions, { videoId: id }, owner)
    expect(items.map(({ fromSource }) => fromSource)).toEqual([false, true])
  })

  it('that cannot be read leave a warning, and the video becomes ready', async () => {
    const { id } = await gateway.upload(owner)
    const tracks = [{ streamIndex: 2, codec: 'subrip' }]
    await worker.finish(await worker.take(id, 'probe'), { kind: 'probe', facts: FACTS, subtitles: tracks })
    await worker.fail(await worker.take(id, 'subtitles'), { class: 'input', code: 'SOURCE_CORRUPT', detail: 'No.' })
    await doAllWork(worker, id, FACTS)
    const ready = await videoWhen(gateway, owner, id, (video) => video.status === 'ready')
    const detail = 'Subtitle track 3 (subrip) is not part of the video: its texts cannot be read.'
    expect(ready.warnings).toEqual([{ code: 'SUBTITLE_TRACK_SKIPPED', detail }])
  })
})

describe('captions', () => {
  it('of a ready video appear in its playlists, with text that exists, and go from them again', async () => {
    const { id } = await readyVideo()
    expect(await put(id, 'pt-br')).toMatchObject({ lang: 'pt-BR', label: 'português (Brasil)', cues: 1 })
    const master = await subtitlesWhen(id, ['português (Brasil)'])
    expect(master).toMatch(/#EXT-X-STREAM-INF:.*,SUBTITLES="captions"\n/)
    const [, playlist = ''] = /LANGUAGE="pt-BR".*URI="([^"]+)"/.exec(master) ?? []
    const segments = await file(id, playlist)
    expect(segments).toContain('#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:4.000000,\ncaptions-')
    expect(segments).toContain('#EXT-X-TARGETDURATION:4\n')
    const [grant] = (await grantOf(id)).captions
    expect(segments).toContain(grant?.key.split('/').at(-1))
    expect(await ctx.store.get(grant?.key ?? '')).toEqual(
      Buffer.from('WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\n00:00:00.000 --> 00:00:01.000\nHello\n'),
    )

    await remove(id, 'PT-BR')
    expect(await subtitlesWhen(id, [])).not.toContain('SUBTITLES')
    expect((await grantOf(id)).captions).toEqual([])
    await expect(remove(id, 'pt-BR')).rejects.toMatchObject({ code: 'CAPTIONS_NOT_FOUND' })
    expect((await gateway.getVideo(id, owner)).status).toBe('ready')
  })

  it('of several languages keep different names, and new ones take the place of old ones', async () => {
    const { id } = await readyVideo()
    await Promise.all([put(id, 'en', 'Text'), put(id, 'de', 'Text'), put(id, 'fr', 'Texte')])
    const { items } = await call(media.listCaptions, { videoId: id }, ANONYMOUS)
    expect(items.map(({ lang }) => lang).sort()).toEqual(['de', 'en', 'fr'])
    const names = items.map(({ lang, label }) => (label === 'Text' ? `Text (${lang})` : label))
    await subtitlesWhen(id, names)

    const before = (await grantOf(id)).captions.find(({ lang }) => lang === 'fr')
    await put(id, 'fr', 'Autre texte', TEXT.replace('Hello', 'Salut'))
    const after = (await grantOf(id)).captions.find(({ lang }) => lang === 'fr')
    expect(after?.key).not.toBe(before?.key)
    // A player may have read the playlists just before.
    expect(await ctx.store.stat(before?.key ?? '')).not.toBeNull()
    const due = await ctx.db
      .selectFrom('deletions')
      .select('key')
      .where('key', '=', before?.key ?? '')
      .execute()
    expect(due).toHaveLength(1)
  })

  it('may come before the film', async () => {
    const { id } = await gateway.createVideo(owner)
    await put(id, 'en')
    const { uploadId, storageKey } = await call(
      media.beginUpload,
      { videoId: id, contentType: 'video/mp4', filename: null, bytes: 1 },
      owner,
    )
    const source = { filename: null, bytes: 1, sha256: 'a'.repeat(64) }
    await call(media.completeUpload, { videoId: id, uploadId, storageKey, ...source }, owner)
    await doAllWork(worker, id, FACTS)
    await subtitlesWhen(id, ['English'])
  })

  it('that are wrong are refused with the reason, and change nothing', async () => {
    const { id } = await gateway.createVideo(owner)
    await expect(put(id, 'en', undefined, 'WEBVTT\n\n00:00.000 --> 00:01.000\n<script>')).rejects.toMatchObject({
      code: 'CAPTIONS_INVALID',
      detail: 'Line 4: only WebVTT tags are allowed in a cue',
    })
    await expect(put(id, '../../en')).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
    expect((await call(media.listCaptions, { videoId: id }, owner)).items).toEqual([])
  })
})

describe('chapters', () => {
  const probe = async (videoId: string, chapters: SourceChapter[]) =>
    await worker.finish(await worker.take(videoId, 'probe'), { kind: 'probe', facts: FACTS, chapters })
  const chaptersWhen = async (videoId: string, count: number) =>
    await until(async () => {
      const { chapters } = await call(media.getChapters, { videoId }, owner)
      return chapters.length === count && chapters
    })
  const madePublic = async (videoId: string) =>
    (await call(media.updateVideo, { videoId, visibility: 'public' }, owner)).id
  const chapters = [
    { start: 0, title: 'Arrival' },
    { start: 2, title: 'Departure' },
  ]

  it('are told as they were given, and as WebVTT to players', async () => {
    const { id } = await readyVideo()
    expect(await call(media.putChapters, { videoId: id, chapters }, owner)).toEqual({ chapters })
    expect(await call(media.getChapters, { videoId: id }, ANONYMOUS)).toEqual({ chapters })
    const { chaptersKey } = await grantOf(id)
    const text = await until(async () => (await ctx.store.get(chaptersKey ?? '')).toString())
    expect(text).toContain('00:00:02.000 --> 00:00:04.000\nDeparture\n')
    await call(media.deleteChapters, { videoId: id }, owner)
    expect((await grantOf(id)).chaptersKey).toBeNull()
    expect(await call(media.getChapters, { videoId: id }, owner)).toEqual({ chapters: [] })
  })

  it('come with a source, for as long as the owner has said nothing', async () => {
    const { id } = await gateway.upload(owner)
    await probe(id, [
      { start: 0, title: 'Arrival\u0007' },
      { start: 2, title: '' },
      { start: 4, title: 'Behind the end' },
    ])
    const found = [
      { start: 0, title: 'Arrival' },
      { start: 2, title: 'Chapter 2' },
    ]
    expect(await chaptersWhen(id, 2)).toEqual(found)
    await doAllWork(worker, id, FACTS)
    await videoWhen(gateway, owner, id, (video) => video.playable)
    const { chaptersKey } = await grantOf(await madePublic(id))
    expect((await ctx.store.get(chaptersKey ?? '')).toString()).toContain('Chapter 2\n')
    await call(media.putChapters, { videoId: id, chapters }, owner)
    expect(await call(media.getChapters, { videoId: id }, owner)).toEqual({ chapters })
  })

  it('that the owner has put or deleted before are not replaced by those of the source', async () => {
    const [put, deleted] = [await gateway.upload(owner), await gateway.upload(owner)]
    await call(media.putChapters, { videoId: put.id, chapters }, owner)
    await call(media.deleteChapters, { videoId: deleted.id }, owner)
    for (const { id } of [put, deleted]) {
      await probe(id, [{ start: 1, title: 'Of the source' }])
      await worker.take(id, 'video')
    }
    expect(await call(media.getChapters, { videoId: put.id }, owner)).toEqual({ chapters })
    expect(await call(media.getChapters, { videoId: deleted.id }, owner)).toEqual({ chapters: [] })
  })

  it('may lie behind the end for as long as nobody knows where that is', async () => {
    const long = [...chapters, { start: 100, title: 'Behind the end' }]
    const { id } = await gateway.upload(owner)
    const put = () => call(media.putChapters, { videoId: id, chapters: long }, owner)
    expect(await put()).toEqual({ chapters: long })
    await probe(id, [])
    await worker.take(id, 'video')
    await expect(put()).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      fields: [{ path: 'chapters.2.start', message: 'is after the end of the video' }],
    })
    expect(await call(media.getChapters, { videoId: id }, owner)).toEqual({ chapters: long })
  })

  it('must follow one another', async () => {
    const { id } = await gateway.createVideo(owner)
    const wrong = call(media.putChapters, { videoId: id, chapters: chapters.toReversed() }, owner)
    await expect(wrong).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
  })
})

it('nobody else may change or, of a private video, see what runs along with it', async () => {
  const { id } = await gateway.createVideo(owner)
  const as = (actor: UserActor) => [
    call(media.putCaptions, { videoId: id, lang: 'no such', text: '' }, actor),
    call(media.deleteCaptions, { videoId: id, lang: 'no such' }, actor),
    call(media.listCaptions, { videoId: id }, actor),
    call(media.putChapters, { videoId: id, chapters: [{ start: 0, title: 'Mine' }] }, actor),
    call(media.getChapters, { videoId: id }, actor),
    call(media.deleteChapters, { videoId: id }, actor),
  ]
  for (const answer of await Promise.allSettled(as(someUser()))) {
    expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'VIDEO_NOT_FOUND' } })
  }
})
