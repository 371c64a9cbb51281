import { readFile } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { until } from '@kinora/dev/harness'
import type { Page, Status, TimelineEntry, Video } from './api-types.ts'
import { type Client, Refused } from './client.ts'

export type NewVideo = Partial<Pick<Video, 'title' | 'description' | 'tags' | 'visibility'>>

/** What browsers say of these files. */
const TYPES: Record<string, string> = {
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mkv': 'video/x-matroska',
  '.ts': 'video/mp2t',
}

export function createVideo(client: Client, fields: NewVideo = {}): Promise<Video> {
  return client.call('POST', '/v1/videos', { title: 'A clip', ...fields })
}

export function getVideo(client: Client, id: string): Promise<Video> {
  return client.call('GET', `/v1/videos/${id}`)
}

export async function putSource(client: Client, id: string, file: string): Promise<Video> {
  const path = `/v1/videos/${id}/source`
  const headers = {
    'content-type': TYPES[extname(file)] ?? 'video/mp4',
    'content-disposition': `attachment; filename="${basename(file)}"`,
  }
  const answer = await client.send('PUT', path, { body: await readFile(file), headers })
  if (answer.status !== 202) throw new Refused(`PUT ${path}`, answer)
  return answer.body as Video
}

/** Creates a video and uploads its source. */
export async function upload(client: Client, file: string, fields: NewVideo = {}): Promise<Video> {
  const { id } = await createVideo(client, { title: basename(file), ...fields })
  return putSource(client, id, file)
}

export function untilEnded(client: Client, id: string, timeoutMs = 120_000): Promise<Video> {
  return untilVideo(client, id, ({ status }) => status === 'ready' || status === 'failed', timeoutMs)
}

/** Waits for one of the two ends, and until nobody writes anything any more; throws when it is the other one. */
export async function untilStatus(
  client: Client,
  id: string,
  wanted: Extract<Status, 'ready' | 'failed'>,
  timeoutMs = 120_000,
): Promise<Video> {
  const isOver = ({ status, playback }: Video) =>
    status === 'failed' || (status === 'ready' && playback?.storyboardUrl != null)
  const video = await untilVideo(client, id, isOver, timeoutMs)
  if (video.status === wanted) return video
  throw new Error(`The video is ${video.status}, not ${wanted}: ${JSON.stringify(video.error)}`)
}

/** Waits for a condition that a video meets on its way. */
export async function untilVideo(
  client: Client,
  id: string,
  isSo: (video: Video) => boolean,
  timeoutMs = 120_000,
): Promise<Video> {
  let video: Video | undefined
  try {
    return await until(
      async () => {
        video = await getVideo(client, id)
        return isSo(video) && video
      },
      { timeoutMs, every: 100 },
    )
  } catch (cause) {
    const timeline = await timelineOf(client, id).catch(() => [])
    const work = timeline.map(({ label, attempt, state, worker }) => `${label}#${attempt} ${state} ${worker ?? ''}`)
    const state = video && `${video.status} ${video.progress.percent}% ${JSON.stringify(video.error)}`
    throw new Error(`Waited ${timeoutMs} ms for ${isSo}; the video is ${state}; its work: ${work.join(', ')}`, {
      cause,
    })
  }
}

export async function timelineOf(client: Client, id: string): Promise<TimelineEntry[]> {
  const { items } = await client.call<Page<TimelineEntry>>('GET', `/v1/videos/${id}/timeline`)
  return items
}

/** Waits until nothing is being made of a video any more, not even what comes after it is ready. */
export async function untilIdle(client: Client, id: string): Promise<void> {
  const busy = new Set(['queued', 'running'])
  await until(async () => (await timelineOf(client, id)).every(({ state }) => !busy.has(state)), {
    timeoutMs: 60_000,
    every: 100,
  })
}

/** Waits until a worker is in the middle of a task of this kind. */
export function untilRunning(client: Client, id: string, kind: string): Promise<TimelineEntry> {
  return until(
    async () => (await timelineOf(client, id)).find((entry) => entry.kind === kind && entry.state === 'running'),
    { timeoutMs: 60_000, every: 20 },
  )
}
