import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { until, useSystem } from '@kinora/dev/harness'
import { beforeEach, expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { TimelineEntry, Video } from './support/api-types.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { checkPlayback } from './support/hls/check-playback.ts'
import { download } from './support/hls/download.ts'
import { followGrowing } from './support/hls/follow-growing.ts'
import { LONG, MINUTE, STREAMABLE } from './support/long-clips.ts'
import { rawUpload } from './support/raw-upload.ts'
import { revive } from './support/revive.ts'
import { ENCODED, GENEROUS } from './support/settings.ts'
import { createVideo, getVideo, timelineOf, untilStatus, untilVideo, upload } from './support/videos.ts'

const clips = useClips()
// Slower than in other tests, so that a video can be looked at while it is made.
const settings = { ...GENEROUS, ...ENCODED, X264_PRESET: 'superfast', WORKER_SLOTS_LONG: '1', WORKER_THREADS: '1' }
const system = await useSystem({ workers: 2, env: { ...settings, LEASE_MS: '600000', HEAD_START_BYTES: '2000000' } })
const { client } = await register(createClient(system.gatewayUrl))

beforeEach(() => revive(system))

test('a video of several chunks plays while it is made, from playlists that only grow until they are closed', async () => {
  const { id } = await upload(client, await clips.make('long.mp4'))
  const early = await untilVideo(client, id, ({ playable }) => playable)
  expect(early.status).toBe('processing')
  const growth = await followGrowing(hlsUrl(early), AbortSignal.timeout(180_000))
  expect(growth.problems).toEqual([])
  expect(growth.grew).toBeGreaterThan(3)
  expect(await checkPlayback(hlsUrl(await untilStatus(client, id, 'ready')), LONG)).toEqual([])
})

test('a clip of a single chunk is playable before its chunk is done', async () => {
  const { id } = await upload(client, await clips.make('minute.mp4'))
  await untilVideo(client, id, ({ playable }) => playable)
  const states = (await timelineOf(client, id)).filter(({ kind }) => kind === 'video').map(({ state }) => state)
  expect(states.at(-1)).not.toBe('done')
  await untilStatus(client, id, 'ready')
})

test('players go on over the death of the worker whose segments they play', async () => {
  const { id } = await upload(client, await clips.make('minute.mp4'))
  const early = await untilVideo(client, id, ({ playable }) => playable)
  const growth = followGrowing(hlsUrl(early), AbortSignal.timeout(180_000))
  growth.catch(() => {})
  // Its chunk is under way, and some of that is published.
  await until(async () => (await download(hlsUrl(early))).video.length === 2, { timeoutMs: 60_000, every: 100 })
  const chunk = (await timelineOf(client, id)).find(({ kind, state }) => kind === 'video' && state === 'running')
  expect(chunk).toBeDefined()
  await system.kill(chunk?.worker ?? '')

  expect((await growth).problems).toEqual([])
  const { playback } = await untilStatus(client, id, 'ready')
  const attempts = (await timelineOf(client, id)).filter(({ taskId }) => taskId === chunk?.taskId)
  expect(attempts.map(({ state }) => state)).toEqual(['lost', 'done'])
  const { video } = await download(playback?.hlsUrl ?? '')
  const folders = new Set(video[1]?.segmentUrls.map((url) => url.split('/').at(-3)))
  expect([...folders]).toEqual([`${chunk?.taskId}-1`, `${chunk?.taskId}-2`])
  expect(await checkPlayback(playback?.hlsUrl ?? '', MINUTE)).toEqual([])
})

test.each([
  ['streamable.mp4', 'video/mp4'],
  ['streamable.webm', 'video/webm'],
  ['streamable.ts', 'video/mp2t'],
] as const)('the first segment of %s is made while the file still arrives', async (name, type) => {
  const file = await readFile(await clips.make(name))
  const { id } = await createVideo(client)
  const headEnded = async () =>
    (await timelineOf(client, id)).find(({ label, state }) => label.includes('early') && state === 'done')
  let head: TimelineEntry | undefined
  const answer = await rawUpload(client, id, {
    headers: { 'content-type': type, 'content-length': file.length },
    async *chunks() {
      yield* slowly(file.subarray(0, file.length / 2))
      head = await until(headEnded, { timeoutMs: 60_000, every: 100 })
      expect(await getVideo(client, id)).toMatchObject({ status: 'awaiting_upload', playable: false })
      yield file.subarray(file.length / 2)
    },
  })
  expect(answer?.status).toBe(202)
  const { playback } = await untilStatus(client, id, 'ready')
  const { video } = await download(playback?.hlsUrl ?? '')
  expect(video[0]?.segmentUrls[0]).toContain(`/${head?.taskId}-1/`)
  expect(video[0]?.segmentUrls[2]).toContain(`/${head?.taskId}-1/`)
  expect(video[0]?.segmentUrls[3]).not.toContain(head?.taskId)
  expect(await checkPlayback(playback?.hlsUrl ?? '', STREAMABLE)).toEqual([])
})

/** As over a line that takes four seconds for this. */
async function* slowly(bytes: Buffer): AsyncGenerator<Buffer> {
  const size = Math.ceil(bytes.length / 40)
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size)
    await sleep(100)
  }
}

function hlsUrl({ playback }: Video): string {
  if (!playback) throw new Error('The video has no playback address')
  return playback.hlsUrl
}
