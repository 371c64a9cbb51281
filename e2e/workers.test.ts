import { until, useSystem } from '@kinora/dev/harness'
import { beforeEach, expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { TimelineEntry } from './support/api-types.ts'
import { createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { follow, type VideoEvent } from './support/follow.ts'
import { checkPlayback } from './support/hls/check-playback.ts'
import { LONG, MINUTE } from './support/long-clips.ts'
import { revive } from './support/revive.ts'
import { ENCODED, GENEROUS } from './support/settings.ts'
import { createVideo, putSource, timelineOf, untilRunning, untilStatus, upload } from './support/videos.ts'

const clips = useClips()
// A lease far longer than any wait here: what is taken over in these tests was not taken over because a lease ran out.
const system = await useSystem({ workers: 2, env: { ...GENEROUS, ...ENCODED, LEASE_MS: '600000' } })
const { client } = await register(createClient(system.gatewayUrl))
const clip = await clips.make('minute.mp4')

beforeEach(() => revive(system))

test('two workers share the chunks of one video, and its owner follows it live', async () => {
  const { id } = await createVideo(client)
  const seen = collect(id, ({ data }) => data.status === 'ready')
  await putSource(client, id, await clips.make('long.mp4'))
  const events = await seen
  const { playback } = await untilStatus(client, id, 'ready')
  const chunks = (await timelineOf(client, id)).filter(({ kind }) => kind === 'video')
  expect(new Set(chunks.map(({ worker }) => worker))).toEqual(new Set(['worker-1', 'worker-2']))
  expect(chunks.length).toBeGreaterThanOrEqual(3)
  expect(chunks.every(({ state, attempt }) => state === 'done' && attempt === 1)).toBe(true)
  expect(overlaps(chunks)).toBe(true)

  expect(events[0]).toMatchObject({ event: 'status', data: { status: 'awaiting_upload', playable: false } })
  const statuses = events.map(({ data }) => data.status)
  expect(statuses.filter((status, index) => status !== statuses[index - 1])).toEqual(
    expect.arrayContaining(['awaiting_upload', 'processing', 'ready']),
  )
  const progress = events.filter(({ event }) => event === 'progress').map(({ data }) => data.progress.percent)
  expect(progress.length).toBeGreaterThan(1)
  expect(progress).toEqual(progress.toSorted((one, other) => one - other))
  expect(events.some(({ data }) => data.playable && data.status === 'processing')).toBe(true)
  expect(await checkPlayback(playback?.hlsUrl ?? '', LONG)).toEqual([])
})

test('a client that lost the stream comes back with Last-Event-ID and misses nothing', async () => {
  const { id } = await upload(client, clip)
  const before = await collect(id, ({ data }) => data.progress.percent > 5)
  const last = before.findLast((event) => event.id !== undefined)
  const after = await collect(id, ({ data }) => data.status === 'ready', last?.id)
  const [first] = after
  expect(first?.data.progress.percent).toBeGreaterThanOrEqual(last?.data.progress.percent ?? 0)
  const ids = after.flatMap((event) => (event.id === undefined ? [] : [Number(event.id)]))
  expect(ids.every((eventId) => eventId > Number(last?.id))).toBe(true)
  expect(after.at(-1)?.data).toMatchObject({ status: 'ready', progress: { percent: 100, stage: 'done' } })
})

test('the task of a worker that is killed is taken over by the other one, and the video is right', async () => {
  const { id } = await upload(client, clip)
  const victim = await untilRunning(client, id, 'video')
  await system.kill(victim.worker ?? '')
  const { playback } = await untilStatus(client, id, 'ready')
  const attempts = (await timelineOf(client, id)).filter(({ taskId }) => taskId === victim.taskId)
  expect(attempts[0]).toMatchObject({ state: 'lost', worker: victim.worker })
  expect(attempts.at(-1)).toMatchObject({ state: 'done' })
  expect(attempts.at(-1)?.worker).not.toBe(victim.worker)
  expect(await checkPlayback(playback?.hlsUrl ?? '', MINUTE)).toEqual([])
})

test('a worker that is asked to stop gives its task back, and it is done by the other one', async () => {
  const { id } = await upload(client, clip)
  const leaving = await untilRunning(client, id, 'video')
  await system.kill(leaving.worker ?? '', 'SIGTERM')
  const attempts = await until(async () => {
    const all = (await timelineOf(client, id)).filter(({ taskId }) => taskId === leaving.taskId)
    return all.length > 1 && all
  })
  expect(attempts[0]).toMatchObject({ state: 'released', worker: leaving.worker })
  const { playback } = await untilStatus(client, id, 'ready')
  expect(await checkPlayback(playback?.hlsUrl ?? '', MINUTE)).toEqual([])
})

/** Were two attempts under way at the same time? */
function overlaps(entries: TimelineEntry[]): boolean {
  return entries.some((one) =>
    entries.some((other) => other.worker !== one.worker && isWithin(other.startedAt ?? '', one)),
  )
}

function isWithin(time: string, { startedAt, endedAt }: TimelineEntry): boolean {
  return (startedAt ?? '') <= time && time < (endedAt ?? '')
}

/** Follows a video until an event is as wanted; that one is the last. */
async function collect(id: string, isLast: (event: VideoEvent) => boolean, lastEventId?: string) {
  const signal = AbortSignal.timeout(120_000)
  const events: VideoEvent[] = []
  for await (const event of follow(client, id, { signal, ...(lastEventId !== undefined && { lastEventId }) })) {
    events.push(event)
    if (isLast(event)) return events
  }
  throw new Error(`The stream ended after ${events.length} events`)
}
