import { events } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import { secondsLeft } from '../domain/eta.ts'
import { progressOf } from '../domain/video-facts.ts'
import { deriveState, type VideoState } from '../domain/video-state.ts'
import { videoEvents } from '../domain/webhooks.ts'
import { etaInputs } from '../repositories/eta-inputs.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import { enqueue, taskFacts } from '../repositories/tasks.ts'
import { lockVideo, lockVideoForProgress, storeState } from '../repositories/video-states.ts'
import { getVideo } from '../repositories/videos.ts'
import { transact } from './transact.ts'
import { enqueueDeliveries } from './webhook-deliveries.ts'

export interface Changed<T> {
  result: T
  /** As it is after the change. */
  video: VideoRow
}

export type Change<T> = (tx: Tx, video: VideoRow) => Promise<T>

const PROGRESS_EVERY_MS = 1000

/**
 * Every change of a video or of its tasks: one transaction that locks the video's row first, changes, derives the
 * video's state from its tasks, and adds the events that follow. The order of locks is always playlists, video, tasks.
 * Null when the video does not exist. An error that `change` throws undoes everything.
 */
export async function changeVideo<T>(
  ctx: Context,
  videoId: string,
  change: Change<T>,
  lockFirst: (tx: Tx, videoId: string) => Promise<void> = async () => {},
): Promise<Changed<T> | null> {
  return await transact(
    ctx,
    async (tx) => {
      await lockFirst(tx, videoId)
      const video = await lockVideo(tx, videoId)
      if (!video) return null
      const result = await change(tx, video)
      return { result, video: await updateState(ctx, tx, video) }
    },
    { evict: (changed) => changed?.video.project_id, wake: (changed) => loopFor(changed?.video) },
  )
}

/**
 * The same for timed text, which playlists name beside segments. It waits for a publisher that is writing playlists: that
 * one may have read the old captions, and would record afterwards that everything is published.
 */
export async function changeTimedText<T>(ctx: Context, videoId: string, change: Change<T>): Promise<Changed<T> | null> {
  return await changeVideo(ctx, videoId, change, lockPlaylists)
}

/** The same for a caller that has a transaction already; null when the video does not exist. */
export async function changeWithin(
  ctx: Context,
  tx: Tx,
  videoId: string,
  change: () => Promise<void>,
): Promise<VideoRow | null> {
  const video = await lockVideo(tx, videoId)
  if (!video) return null
  await change()
  return await updateState(ctx, tx, video)
}

/** Publishes the progress of a video, at most once a second; skipped while another transaction has the video's lock. */
export async function publishProgress(ctx: Context, videoId: string): Promise<void> {
  await transact(
    ctx,
    async (tx) => {
      const video = await lockVideoForProgress(tx, videoId, PROGRESS_EVERY_MS)
      return video && (await updateState(ctx, tx, video))
    },
    { evict: (video) => video?.project_id, wake: loopFor },
  )
}

/** The end of a source that is to replace another is seen at once. */
function loopFor(video: VideoRow | undefined): 'playlists' | 'replacements' | undefined {
  if (video?.replaces && (video.status === 'ready' || video.status === 'failed')) return 'replacements'
  return video && (video.material_published < video.material || video.republish) ? 'playlists' : undefined
}

/** Derives and stores the state of a locked video; `before` is the row as it was when it was locked. */
async function updateState(ctx: Context, tx: Tx, before: VideoRow): Promise<VideoRow> {
  const facts = await taskFacts(tx, before.id)
  const row = await getVideo(tx, before.id)
  const publication = { materialPublished: row.material_published, republish: row.republish }
  const state = deriveState(row.upload_id !== null, publication, facts)
  await enqueue(tx, state.due)
  const next = { ...state, percent: Math.max(state.percent, row.percent) }
  const now = ctx.now()
  const what = whatChanged(before, row, next, now)
  if (what === 'nothing' && row.material === next.material) return row
  const published = what === 'nothing' ? null : { finishEstimate: await estimateFinish(tx, row, next, now) }
  const video = await storeState(tx, row, next, published)
  // Nobody knows of a row that is no video by itself.
  if (video.replaces !== null) return video
  if (what !== 'nothing') await addVideoChanged(tx, video, now)
  await enqueueDeliveries(tx, videoEvents(before, video), video, now)
  return video
}

function whatChanged(before: VideoRow, row: VideoRow, next: VideoState, now: Date): 'nothing' | 'progress' | 'state' {
  const isNew =
    before.status !== next.status ||
    before.playable !== next.playable ||
    before.stage !== next.stage ||
    before.visibility !== row.visibility ||
    JSON.stringify(before.allowed_domains) !== JSON.stringify(row.allowed_domains) ||
    namesOfExtras(before) !== namesOfExtras(row) ||
    before.error?.code !== next.error?.code
  if (isNew) return 'state'
  const due = now.getTime() - row.progress_said_at.getTime() >= PROGRESS_EVERY_MS
  const hasMoved = next.percent !== row.percent || before.replacement?.percent !== row.replacement?.percent
  return due && hasMoved ? 'progress' : 'nothing'
}

/**
 * Names poster, storyboard, timed text, warnings, audio tracks and what became of the source, so that subscribers learn when one of them is replaced or
 * added.
 */
function namesOfExtras(video: VideoRow): string {
  const { poster_key, storyboard, captions, chapters, warnings, audio_tracks, source_events } = video
  const texts = [captions.map(({ id }) => id), chapters?.id]
  return JSON.stringify([
    poster_key,
    storyboard?.folderKey,
    ...texts,
    warnings.length,
    audio_tracks,
    source_events.at(-1),
  ])
}

/** Null before the plan is known, and when nothing is left to do. */
async function estimateFinish(tx: Tx, { id, plan }: VideoRow, { status }: VideoState, now: Date): Promise<Date | null> {
  if (plan === null || status === 'ready' || status === 'failed') return null
  const seconds = secondsLeft(await etaInputs(tx, id))
  return seconds === null ? null : new Date(now.getTime() + seconds * 1000)
}

async function addVideoChanged(tx: Tx, row: VideoRow, now: Date): Promise<void> {
  const { id, owner_id: ownerId, project_id: projectId, status, playable, visibility, error } = row
  const { allowed_domains: allowedDomains } = row
  const about = { aggregateId: id, sequence: Number(row.sequence) }
  const progress = progressOf(row, now)
  await addEvent(tx, events['video.changed'], about, {
    videoId: id,
    ownerId,
    projectId,
    status,
    playable,
    visibility,
    allowedDomains,
    progress,
    error,
  })
}
