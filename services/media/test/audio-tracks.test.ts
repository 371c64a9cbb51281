import { randomUUID } from 'node:crypto'
import type { Input } from '@kinora/common/contract'
import { type ClaimedTask, media, type SourceFacts, type TaskCause } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { ANONYMOUS, connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { videoWhen } from './support/process.ts'
import { partOf, resultOf, segmentWork, someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

const INPUT: TaskCause = { class: 'input', code: 'SOURCE_CORRUPT', detail: 'The audio of this file cannot be decoded.' }

/** A German track that players begin with, an English one, and one that describes the frames. */
function threeTracks() {
  const facts = someFacts(9, { width: 426, height: 240 })
  const track = { codec: 'aac', channels: 2, sampleRate: 48_000, startTime: 0 }
  return {
    ...facts,
    audio: { ...track, streamIndex: 2, language: 'ger' },
    otherAudio: [
      { ...track, streamIndex: 1, language: 'eng', channels: 6 },
      { ...track, streamIndex: 3, language: 'eng', audioDescription: true },
    ],
  }
}

/** A source without frames. */
function audioFacts(seconds: number): SourceFacts {
  const grid = { frameRate: { num: 375, den: 8 }, frameCount: Math.ceil((seconds * 375) / 8) }
  const track = { streamIndex: 0, codec: 'mp3', channels: 2, sampleRate: 44_100, startTime: 0 }
  return { ...someFacts(seconds, { ...grid, codec: 'none' }), kind: 'audio', container: 'mp3', audio: track }
}

async function begun() {
  const { id } = await gateway.upload(owner)
  const probe = await worker.take(id, 'probe')
  await worker.finish(probe, resultOf(probe.work, probe.outputKey, threeTracks()))
  return { id, video: await worker.take(id, 'video'), first: await worker.take(id, 'audio') }
}

async function takeOthers(id: string): Promise<[ClaimedTask, ClaimedTask]> {
  const tasks = [await worker.take(id, 'audio'), await worker.take(id, 'audio')]
  const [english, described] = tasks.toSorted((one, other) => trackOf(one).localeCompare(trackOf(other)))
  return [english, described] as [ClaimedTask, ClaimedTask]
}

function trackOf({ work }: ClaimedTask): string {
  return (work.kind === 'audio' && work.track) || ''
}

async function master(id: string): Promise<string> {
  return (await ctx.store.get(keys.playlist(id, 'master.m3u8'))).toString()
}

async function untilNamed(id: string, name: string): Promise<string> {
  return await until(async () => {
    const text = await master(id)
    return text.includes(`URI="${name}"`) && text
  })
}

test('a video is playable with its first track, and others are named when they are complete', async () => {
  const { id, video, first } = await begun()
  await worker.finish(video)
  await worker.progress(first, 0.5, partOf(segmentWork(first), 1))
  await videoWhen(gateway, owner, id, ({ playable }) => playable)
  expect(await master(id)).toContain('NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES')

  const [english, described] = await takeOthers(id)
  expect([trackOf(english), trackOf(described)]).toEqual(['1', '3'])
  await worker.progress(english, 0.5, partOf(segmentWork(english), 1))
  await worker.finish(first)
  await videoWhen(gateway, owner, id, ({ audioTracks }) => audioTracks[1]?.status === 'ready')
  expect(await master(id)).not.toContain('audio-1.m3u8')
  await worker.finish(english)
  expect(await untilNamed(id, 'audio-1.m3u8')).toContain('NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES')
  await worker.finish(described)
  expect(await untilNamed(id, 'audio-3.m3u8')).toContain('CHARACTERISTICS="public.accessibility.describes-video"')

  await worker.finish(await worker.take(id, 'poster'))
  const finalise = await worker.take(id, 'finalise')
  await worker.finish(finalise)
  const ready = await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
  expect(ready.audioTracks).toEqual([
    {
      ...{ id: '1', language: 'en', name: 'English', default: false },
      ...{ channels: 6, audioDescription: false, hidden: false, added: false, status: 'ready' },
    },
    {
      ...{ id: '2', language: 'de', name: 'Deutsch', default: true },
      ...{ channels: 2, audioDescription: false, hidden: false, added: false, status: 'ready' },
    },
    {
      ...{ id: '3', language: 'en', name: 'English (audio description)', default: false },
      ...{ channels: 2, audioDescription: true, hidden: false, added: false, status: 'ready' },
    },
  ])
  const list = (await ctx.store.get(keys.playlist(id, 'audio-1.m3u8'))).toString()
  expect(list).toContain(`${english.taskId}-1/1.m4s`)

  const { token } = await gateway.call(media.createPlaybackToken, { videoId: id, download: true, expiresIn: 60 }, owner)
  const ask = (audio?: string) =>
    gateway.call(media.prepareDownload, { reference: token, height: 240, audio }, { kind: 'anonymous' })
  expect(await ask()).toMatchObject({ status: 'preparing' })
  expect(await ask('1')).toMatchObject({ status: 'preparing' })
  const downloads = [await worker.take(id, 'download'), await worker.take(id, 'download')]
  expect(downloads.map(({ work }) => work.kind === 'download' && work.soundKey?.split('/').at(-1)).toSorted()).toEqual([
    ...['audio-1.m3u8', 'audio.m3u8'],
  ])
  await expect(ask('7')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
})

test('a track that cannot be decoded is left out with a warning, and the video becomes ready', async () => {
  const { id, video, first } = await begun()
  await worker.finish(first)
  await worker.finish(video)
  const [english, described] = await takeOthers(id)
  await worker.progress(english, 0.5, partOf(segmentWork(english), 1))
  await worker.fail(english, INPUT)
  await worker.finish(described)
  await worker.finish(await worker.take(id, 'poster'))
  await worker.finish(await worker.take(id, 'finalise'))
  const ready = await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
  expect(ready.audioTracks.map(({ status }) => status)).toEqual(['failed', 'ready', 'ready'])
  const detail = 'Audio track 2 is not part of the video: it cannot be decoded.'
  expect(ready.warnings).toEqual([{ code: 'AUDIO_TRACK_SKIPPED', detail }])
  expect(await master(id)).not.toContain('audio-1.m3u8')

  // A retry processes it again, and the playlists stay those of a complete video meanwhile.
  await gateway.call(media.retryVideo, { videoId: id }, owner)
  const again = await worker.take(id, 'audio')
  expect(again).toMatchObject({ attempt: 2, work: { track: '1', firstSegment: 0 } })
  await worker.finish(again)
  await untilNamed(id, 'audio-1.m3u8')
  const list = (await ctx.store.get(keys.playlist(id, 'audio-1.m3u8'))).toString()
  expect(list).toContain('#EXT-X-ENDLIST')
})

/** A ready video with three tracks, of which the second is the default. */
async function readyVideo(): Promise<string> {
  const { id, video, first } = await begun()
  for (const task of [first, video]) await worker.finish(task)
  for (const task of await takeOthers(id)) await worker.finish(task)
  await worker.finish(await worker.take(id, 'poster'))
  await worker.finish(await worker.take(id, 'finalise'))
  await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
  return id
}

async function untilMaster(id: string, is: (master: string) => boolean): Promise<string> {
  return await until(async () => {
    const text = await master(id)
    return is(text) && text
  })
}

test('owners rename tracks, choose the default and hide tracks, and playlists follow', async () => {
  const id = await readyVideo()
  const update = (trackId: string, change: Partial<Input<typeof media.updateAudioTrack>>, actor = owner) =>
    gateway.call(media.updateAudioTrack, { videoId: id, trackId, ...change }, actor)

  const renamed = await update('1', { name: 'Original', language: 'en-us', default: true })
  expect(renamed.audioTracks.map((track) => [track.name, track.default])).toEqual([
    ['Original', true],
    ['Deutsch', false],
    ['English (audio description)', false],
  ])
  const text = await untilMaster(id, (all) => all.includes('NAME="Original",LANGUAGE="en-US",DEFAULT=YES'))
  expect(text).toContain('NAME="Deutsch",LANGUAGE="de",DEFAULT=NO')
  expect(text).toMatch(/CODECS="mp4a.40.2",AUDIO="audio"\naudio-1.m3u8/)

  await update('2', { hidden: true })
  await untilMaster(id, (all) => !all.includes('URI="audio.m3u8"'))
  expect((await gateway.getVideo(id, owner)).audioTracks[1]).toMatchObject({ id: '2', hidden: true })
  await update('2', { hidden: false, language: null })
  await untilMaster(id, (all) => all.includes('NAME="Deutsch",DEFAULT=NO'))

  const refused = (path: string) => ({ code: 'VALIDATION_FAILED', fields: [{ path, message: expect.any(String) }] })
  await expect(update('1', { hidden: true })).rejects.toMatchObject(refused('hidden'))
  await expect(update('2', { name: 'Original' })).rejects.toMatchObject(refused('name'))
  await expect(update('2', { language: 'no language' })).rejects.toMatchObject(refused('language'))
  await expect(update('9', { name: 'Nine' })).rejects.toMatchObject({ code: 'AUDIO_TRACK_NOT_FOUND' })
  await expect(update('1', { name: 'Mine' }, someUser())).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
})

test('tracks of a video that is not ready are not changed', async () => {
  const { id } = await begun()
  const change = gateway.call(media.updateAudioTrack, { videoId: id, trackId: '1', name: 'Original' }, owner)
  await expect(change).rejects.toMatchObject({ code: 'VIDEO_NOT_READY' })
})

test('audio alone is playable with its first segment, and ready with a poster, without anything of frames', async () => {
  const facts = audioFacts(9)
  const { id } = await gateway.upload(owner)
  expect((await gateway.getVideo(id, owner)).kind).toBe('video')
  const probe = await worker.take(id, 'probe')
  await worker.finish(probe, resultOf(probe.work, probe.outputKey, facts))
  const sound = await worker.take(id, 'audio')
  await worker.progress(sound, 0.5, partOf(segmentWork(sound), 1))
  await videoWhen(gateway, owner, id, ({ playable }) => playable)
  expect(await master(id)).toMatch(/DEFAULT=YES.*\n#EXT-X-STREAM-INF:.*CODECS="mp4a.40.2",AUDIO="audio"\naudio.m3u8\n$/)
  const growing = (await ctx.store.get(keys.playlist(id, 'audio.m3u8'))).toString()
  expect(growing.match(/\.m4s$/gm)).toHaveLength(1)
  await worker.finish(sound)
  await worker.finish(await worker.take(id, 'poster'))
  const finalise = await worker.take(id, 'finalise')
  expect(finalise.work).toMatchObject({ hasAudio: true, hasVideo: false, frameCount: 422 })
  await worker.finish(finalise)
  const ready = await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
  expect(ready).toMatchObject({
    kind: 'audio',
    renditions: [],
    source: { width: null, videoCodec: null, audioCodec: 'mp3' },
  })
  expect(ready.playback).toMatchObject({ storyboardUrl: null, waveformUrl: expect.stringMatching(/waveform\.png$/) })

  const list = async (kind: 'audio' | 'video') =>
    (await gateway.call(media.listVideos, { kind, limit: 100, sort: '-createdAt' }, owner)).items.map(
      (video) => video.id,
    )
  expect(await list('audio')).toEqual([id])
  expect(await list('video')).not.toContain(id)
  await expect(gateway.call(media.choosePoster, { videoId: id, time: 1 }, owner)).rejects.toMatchObject({
    code: 'VIDEO_WITHOUT_FRAMES',
  })
  const link = { videoId: id, expiresIn: 60, maxHeight: 100, download: true }
  const { token: reference } = await gateway.call(media.createPlaybackToken, link, owner)
  await expect(gateway.call(media.prepareDownload, { reference, height: 90 }, ANONYMOUS)).rejects.toMatchObject({
    code: 'FILE_NOT_FOUND',
  })
  expect(await gateway.call(media.prepareDownload, { reference }, ANONYMOUS)).toMatchObject({ status: 'preparing' })
  const download = await worker.take(id, 'download')
  expect(download.work).toMatchObject({ pictureKey: null, soundKey: keys.playlist(id, 'audio.m3u8') })
  await worker.finish(download)
  await until(async () => (await gateway.call(media.prepareDownload, { reference }, ANONYMOUS)).status === 'ready')
})

test('5.1 of a track is named when it is complete, and left out where it cannot be encoded', async () => {
  const facts = someFacts(9, { width: 426, height: 240 })
  const track = { codec: 'ac3', channels: 6, surround: true, sampleRate: 48_000, startTime: 0 }
  const [audio, other] = [
    { ...track, streamIndex: 1 },
    { ...track, streamIndex: 2, language: 'eng' },
  ]
  const { id } = await gateway.upload(owner)
  const probe = await worker.take(id, 'probe')
  await worker.finish(probe, resultOf(probe.work, probe.outputKey, { ...facts, audio, otherAudio: [other] }))
  const [video, first] = [await worker.take(id, 'video'), await worker.take(id, 'audio')]
  expect(segmentWork(first)).not.toHaveProperty('channels')
  for (const task of [video, first]) await worker.finish(task)
  const tasks = [await worker.take(id, 'audio'), await worker.take(id, 'audio'), await worker.take(id, 'audio')]
  const isSurround = ({ work }: ClaimedTask) => work.kind === 'audio' && work.channels === 6
  const surround = tasks.filter(isSurround).toSorted((one, two) => trackOf(one).localeCompare(trackOf(two)))
  expect(surround.map(trackOf)).toEqual(['', '2'])
  for (const task of tasks.filter((one) => !isSurround(one))) await worker.finish(task)
  await worker.finish(surround[0] as ClaimedTask)
  expect(await untilNamed(id, 'audio-surround.m3u8')).toMatch(/GROUP-ID="audio-surround".*CHANNELS="6"/)
  await worker.fail(surround[1] as ClaimedTask, INPUT)
  const { audioTracks, warnings } = await videoWhen(gateway, owner, id, (found) => found.warnings.length > 0)
  expect(audioTracks.map(({ status }) => status)).not.toContain('failed')
  expect(warnings[0]?.detail).toBe('The 5.1 of audio track 3 is not part of the video: it cannot be decoded.')
  await worker.finish(await worker.take(id, 'poster'))
  const finalise = await worker.take(id, 'finalise')
  expect(Object.keys((finalise.work.kind === 'finalise' && finalise.work.contents) || {})).not.toContain(
    'audio-2-surround.m3u8',
  )
  await worker.finish(finalise)
  await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
})

/** Finishes everything of a video of nine seconds with one audio track. */
async function oneTrackVideo() {
  const { id } = await gateway.upload(owner)
  const probe = await worker.take(id, 'probe')
  await worker.finish(probe, resultOf(probe.work, probe.outputKey, someFacts(9, { width: 426, height: 240 })))
  for (const kind of ['video', 'audio', 'poster', 'finalise'] as const) await worker.finish(await worker.take(id, kind))
  await videoWhen(gateway, owner, id, ({ status }) => status === 'ready')
  return id
}

/** Uploads a file of 1000 bytes as this track, as the gateway does. */
async function putTrack(videoId: string, trackId: string, about: { name?: string; language?: string } = {}) {
  const bytes = 1000
  const begun = await gateway.call(media.beginAudioTrack, { videoId, trackId, contentType: 'audio/mpeg', bytes }, owner)
  await ctx.store.put(begun.storageKey, 'audio')
  const file = { uploadId: begun.uploadId, bytes, sha256: 'b'.repeat(64) }
  const input = { videoId, trackId, ...about, audioDescription: false, ...file }
  return { input, storageKey: begun.storageKey, video: await gateway.call(media.putAudioTrack, input, owner) }
}

test('a track is added to a ready video, moved, made the default, replaced and deleted, while the video stays ready', async () => {
  const id = await oneTrackVideo()
  const before = (await gateway.call(media.getUsage, {}, owner)).bytes
  const { input, storageKey, video } = await putTrack(id, '7', { language: 'en' })
  expect(video).toMatchObject({ status: 'ready', playable: true })
  expect(video.audioTracks[1]).toMatchObject({
    id: '7',
    name: 'English',
    added: true,
    default: false,
    status: 'processing',
  })
  expect((await gateway.call(media.getUsage, {}, owner)).bytes).toBe(before + 1000)
  // The answer was lost.
  expect((await gateway.call(media.putAudioTrack, input, owner)).audioTracks).toHaveLength(2)
  const task = await worker.take(id, 'audio')
  expect(task.work).toMatchObject({ track: '7', added: true, sourceKey: storageKey })
  expect(await master(id)).not.toContain('audio-7.m3u8')
  const change = { videoId: id, trackId: '7' }
  await expect(gateway.call(media.updateAudioTrack, { ...change, default: true }, owner)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
  })
  await worker.finish(task)
  expect(await untilNamed(id, 'audio-7.m3u8')).toContain('NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES')
  const added = await videoWhen(gateway, owner, id, ({ audioTracks }) => audioTracks[1]?.status === 'ready')
  expect(added).toMatchObject({ status: 'ready', warnings: [] })

  const first = await gateway.call(media.updateAudioTrack, { ...change, position: 1, default: true }, owner)
  expect(first.audioTracks.map((track) => `${track.id} ${track.default}`)).toEqual(['7 true', '1 false'])
  await until(async () => /#EXT-X-MEDIA.*audio-7.*\n#EXT-X-MEDIA.*audio\.m3u8/.test(await master(id)))
  expect(await master(id)).toMatch(/AUDIO="audio"\naudio-7.m3u8\n/)
  await expect(gateway.call(media.deleteAudioTrack, change, owner)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })

  const other = await putTrack(id, '7', { name: 'Director' })
  expect(other.video.audioTracks[0]).toMatchObject({ id: '7', name: 'Director', default: true, status: 'processing' })
  const second = await worker.take(id, 'audio')
  await worker.finish(task)
  await worker.finish(second)
  const playlist = await until(async () => {
    const text = (await ctx.store.get(keys.playlist(id, 'audio-7.m3u8'))).toString()
    return text.includes(`${second.taskId}-1/0.m4s`) && text
  })
  expect(playlist).not.toContain(task.taskId)
  await untilNamed(id, 'audio-7.m3u8')

  await gateway.call(media.updateAudioTrack, { videoId: id, trackId: '1', default: true }, owner)
  await gateway.call(media.deleteAudioTrack, change, owner)
  await until(async () => !(await master(id)).includes('audio-7.m3u8'))
  expect((await gateway.getVideo(id, owner)).audioTracks.map(({ id: track }) => track)).toEqual(['1'])
  const usage = await gateway.call(media.getUsage, {}, owner)
  expect([usage.bytes, usage.retiredBytes]).toEqual([before, 2000])
})

test('a track is not added to a video that is not ready, nor in the place of one of the source, nor when it cannot be decoded', async () => {
  const { id: waiting } = await gateway.createVideo(owner)
  const begin = (videoId: string, trackId: string, contentType = 'audio/mpeg') =>
    gateway.call(media.beginAudioTrack, { videoId, trackId, contentType, bytes: 1000 }, owner)
  await expect(begin(waiting, '7')).rejects.toMatchObject({ code: 'VIDEO_NOT_READY' })
  const id = await oneTrackVideo()
  await expect(begin(id, '1')).rejects.toMatchObject({ code: 'AUDIO_TRACK_OF_SOURCE' })
  await expect(begin(id, '7', 'text/html')).rejects.toMatchObject({ code: 'SOURCE_TYPE_UNSUPPORTED' })
  await expect(gateway.call(media.deleteAudioTrack, { videoId: id, trackId: '1' }, owner)).rejects.toMatchObject({
    code: 'AUDIO_TRACK_OF_SOURCE',
  })
  const { input } = await putTrack(id, '7')
  await expect(
    gateway.call(media.putAudioTrack, { ...input, trackId: '8', uploadId: randomUUID() }, owner),
  ).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  await worker.fail(await worker.take(id, 'audio'), INPUT)
  const failed = await videoWhen(gateway, owner, id, ({ audioTracks }) => audioTracks[1]?.status === 'failed')
  expect(failed).toMatchObject({ status: 'ready', playable: true })
  expect(failed.warnings[0]?.detail).toBe('Added audio track 7 is not part of the video: it cannot be decoded.')
  await gateway.call(media.retryVideo, { videoId: id }, owner)
  await worker.finish(await worker.take(id, 'audio'))
  await untilNamed(id, 'audio-7.m3u8')
})
