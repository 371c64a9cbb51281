import { until, useSystem } from '@kinora/dev/harness'
import { beforeEach, expect, test } from 'vitest'
import { register } from './accounts.ts'
import type { Video } from './api-types.ts'
import { createClient } from './client.ts'
import { useClips } from './clips.ts'
import { checkPlayback } from './hls/check-playback.ts'
import { download } from './hls/download.ts'
import { followGrowing } from './hls/follow-growing.ts'
import { LONG, MINUTE } from './long-clips.ts'
import { revive } from './revive.ts'
import { GENEROUS } from './settings.ts'
import { timelineOf, untilStatus, untilVideo, upload } from './videos.ts'

const clips = useClips()
// Slower than in other tests, so that a video can be looked at while it is made.
const settings = { ...GENEROUS, X264_PRESET: 'veryfast', WORKER_SLOTS_LONG: '1', WORKER_THREADS: '1' }
const system = await useSystem({ workers: 2, env: { ...settings, LEASE_MS: '600000' } })
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

function hlsUrl({ playback }: Video): string {
  if (!playback) throw new Error('The video has no playback address')
  return playback.hlsUrl
}
