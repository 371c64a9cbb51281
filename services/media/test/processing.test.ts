import { type ClaimedTask, media, warningOf } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { publishPlaylists } from '../src/background/publish-playlists.ts'
import { connectGateway, someUser } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { videoWhen } from './support/process.ts'
import { someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const owner = someUser()

async function taskState({ taskId }: ClaimedTask): Promise<string> {
  return (await ctx.db.selectFrom('tasks').select('state').where('id', '=', taskId).executeTakeFirstOrThrow()).state
}

async function master(videoId: string): Promise<string> {
  return (await ctx.store.get(keys.playlist(videoId, 'master.m3u8'))).toString()
}

test('an upload is probed, cut into chunks, playable after the first seconds, ready when all is checked', async () => {
  const video = await gateway.upload(owner)
  expect(video).toMatchObject({ status: 'uploaded', playable: false, progress: { percent: 0, stage: 'waiting' } })
  expect(video.source).toMatchObject({ filename: 'sea.mp4', bytes: 1000, container: null })

  const probe = await worker.take(video.id)
  expect(probe.work).toMatchObject({ kind: 'probe', sourceKey: expect.stringContaining(`sources/${video.id}/`) })
  expect(await gateway.getVideo(video.id, owner)).toMatchObject({
    status: 'processing',
    progress: { stage: 'probing' },
  })
  await worker.finish(probe)

  const first = await worker.take(video.id, 'video', 'short')
  expect(first.work).toMatchObject({
    kind: 'video',
    rungs: [{ name: '240p', firstSegment: 0 }],
    chunk: { startFrame: 0, frameCount: 360, firstSegment: 0 },
  })
  const audio = await worker.take(video.id, 'audio')
  expect(audio.work).toMatchObject({ kind: 'audio', firstSegment: 0 })
  const planned = await gateway.getVideo(video.id, owner)
  expect(planned.renditions.map((rendition) => rendition.name)).toEqual(['240p', '360p', '540p', '720p'])
  expect(planned.source).toMatchObject({ container: 'mp4', durationSeconds: 90, frameRate: 30, audioCodec: 'aac' })

  await worker.finish(first)
  await worker.finish(audio)
  const playable = await until(async () => {
    const now = await gateway.getVideo(video.id, owner)
    return now.playable && now
  })
  expect(playable.status).toBe('processing')
  expect(playable.playback?.hlsUrl).toMatch(/^https:\/\/kinora\.test\/play\/[^/]+\/master\.m3u8$/)
  expect(await master(video.id)).toContain('240p.m3u8')
  expect(await master(video.id)).not.toContain('360p.m3u8')
  const growing = (await ctx.store.get(keys.playlist(video.id, '240p.m3u8'))).toString()
  expect(growing).toContain('#EXT-X-PLAYLIST-TYPE:EVENT')
  expect(growing.match(/#EXTINF/g)).toHaveLength(4)

  const poster = await worker.take(video.id, 'poster')
  const rest = await worker.take(video.id)
  expect(rest.work).toMatchObject({
    rungs: [{ name: '240p', firstSegment: 4 }, { name: '360p', firstSegment: 0 }, { name: '540p' }, { name: '720p' }],
    chunk: { startFrame: 0, frameCount: 1260, firstSegment: 0 },
  })
  const second = await worker.take(video.id)
  expect(second.work).toMatchObject({ chunk: { startFrame: 1260, frameCount: 1440, firstSegment: 9 } })
  // The later chunk first: only what follows without a gap may be shown.
  await worker.finish(second)
  await until(async () => (await taskState(second)) === 'done')
  await publishPlaylists(ctx)
  expect(await master(video.id)).not.toContain('360p.m3u8')
  expect((await ctx.store.get(keys.playlist(video.id, '240p.m3u8'))).toString()).not.toContain('/4.m4s')
  await worker.finish(poster)
  await worker.finish(rest)

  const finalise = await worker.take(video.id)
  expect(finalise.work).toEqual({
    kind: 'finalise',
    playlistKey: keys.videoFolder(video.id),
    frameRate: { num: 30, den: 1 },
    frameCount: 2700,
    hasVideo: true,
    hasAudio: true,
    contents: {},
  })
  const complete = (await ctx.store.get(keys.playlist(video.id, '720p.m3u8'))).toString()
  expect(complete).toContain('#EXT-X-PLAYLIST-TYPE:VOD')
  expect(complete).toContain('#EXT-X-ENDLIST')
  expect((await gateway.getVideo(video.id, owner)).status).toBe('processing')
  await worker.finish(finalise)

  const ready = await until(async () => {
    const now = await gateway.getVideo(video.id, owner)
    return now.status === 'ready' && now
  })
  expect(ready).toMatchObject({ playable: true, progress: { percent: 100, stage: 'done' }, error: null })
  expect(ready.readyAt).not.toBeNull()
  expect(ready.renditions.every((rendition) => rendition.status === 'ready' && rendition.bitrate)).toBe(true)

  const changes = gateway.heardOf('video.changed', video.id)
  const sequences = changes.map((event) => event.sequence)
  expect(sequences).toEqual([...sequences].sort((one, other) => one - other))
  const percents = changes.map((event) => (event.data as { progress: { percent: number } }).progress.percent)
  expect(percents).toEqual([...percents].sort((one, other) => one - other))

  const timeline = await gateway.call(media.getTimeline, { videoId: video.id }, owner)
  // What comes after a video is ready is another matter.
  const items = timeline.items.filter(({ kind }) => kind !== 'storyboard')
  expect(items.map(({ kind, state, attempt }) => `${kind} ${state} ${attempt}`)).toEqual([
    'probe done 1',
    'video done 1',
    'audio done 1',
    'poster done 1',
    'video done 1',
    'video done 1',
    'finalise done 1',
  ])
  expect(timeline.items[0]).toMatchObject({ worker: 'worker-1', cause: null, endedAt: expect.any(String) })
})

test('a silent clip of one rung needs one task for its pictures, and is playable without sound and poster', async () => {
  const video = await gateway.upload(owner)
  const probe = await worker.take(video.id)
  const facts = someFacts(2, { width: 160, height: 90, sourceRate: { num: 120, den: 1 } }, false)
  await worker.finish(probe, { kind: 'probe', facts })
  const only = await worker.take(video.id, 'video')
  expect(only.work).toMatchObject({ kind: 'video', rungs: [{ name: '90p', width: 160, height: 90 }] })
  // What was uploaded, not what is made of it.
  expect((await gateway.getVideo(video.id, owner)).source?.frameRate).toBe(120)
  await worker.finish(only)
  const playable = await videoWhen(gateway, owner, video.id, (now) => now.playable)
  expect(playable.playback?.posterUrl).toBeNull()
  expect(await master(video.id)).not.toContain('AUDIO')
  await worker.finish(await worker.take(video.id, 'poster'))
  const finalise = await worker.take(video.id)
  expect(finalise.work).toMatchObject({ kind: 'finalise', hasAudio: false })
  expect((await gateway.getVideo(video.id, owner)).playback?.posterUrl).not.toBeNull()
})

test('progress grows with the work that is done and is said about once a second', async () => {
  const video = await gateway.upload(owner)
  await worker.finish(await worker.take(video.id))
  await worker.finish(await worker.take(video.id, 'audio'))
  await worker.finish(await worker.take(video.id, 'video'))
  const first = await worker.take(video.id, 'video')
  const second = await worker.take(video.id, 'video')
  for (const fraction of [0.2, 0.9, 0.5]) await worker.progress(first, fraction)
  for (const fraction of [0.1, 0.2, 0.3, 0.4, 0.5]) await worker.progress(second, fraction)
  const { progress } = await until(
    async () => {
      await worker.progress(second, 0.5)
      const now = await gateway.getVideo(video.id, owner)
      return now.progress.percent > 10 && now
    },
    { every: 300 },
  )
  expect(progress.stage).toBe('transcoding')
  expect(progress.percent).toBeLessThan(97)
  const changes = gateway.heardOf('video.changed', video.id)
  expect(changes.length).toBeLessThan(10)
})

test('warnings of tasks are told to the owner: in the video, its timeline and its passport, each once', async () => {
  const video = await gateway.upload(owner, { visibility: 'public' })
  const [held, skipped] = [warningOf('FRAMES_HELD'), warningOf('AUDIO_TRACK_SKIPPED', 'Audio track 3 (tta) …')]
  await worker.finish(await worker.take(video.id), undefined, undefined, [held, skipped])
  for (;;) {
    const task = await worker.take(video.id)
    await worker.finish(task, undefined, undefined, task.work.kind === 'audio' ? [skipped] : undefined)
    if (task.work.kind === 'finalise') break
  }
  const ready = await videoWhen(gateway, owner, video.id, ({ status }) => status === 'ready')
  expect(ready.warnings).toEqual([held, skipped])
  expect((await gateway.getVideo(video.id, someUser())).warnings).toEqual([])
  expect((await gateway.call(media.getTimeline, { videoId: video.id }, owner)).warnings).toEqual([held, skipped])
  const { storageKey } = await gateway.call(media.findPassport, { videoId: video.id }, owner)
  expect(JSON.parse((await ctx.store.get(storageKey)).toString()).warnings).toEqual([held, skipped])
})
