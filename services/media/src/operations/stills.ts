import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import { events } from '@kinora/common/contracts'
import { addEvent, lockName } from '@kinora/common/db'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import { parsePlaylist } from '@kinora/formats/hls'
import type { Context } from '../context.ts'
import type { StillRow, TaskRow, Tx, VideoRow } from '../db/schema.ts'
import type { VideoPlan } from '../db/stored.ts'
import { renditionPlaylist } from '../domain/presentation.ts'
import { type StillPlace, stillTask } from '../domain/stills.ts'
import { folderOf } from '../domain/video-facts.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { addTaskOnce } from '../repositories/download-tasks.ts'
import { holdVersion } from '../repositories/replacements.ts'
import {
  countUnfinishedStills,
  deleteOldStills,
  deleteStill,
  deleteStillTask,
  findStill,
  insertStill,
  recordStill,
} from '../repositories/stills.ts'
import { findFolder, lockForReference } from '../repositories/videos.ts'

/** Of one video. The oldest are deleted when there are more. */
const KEPT = { files: 500, bytes: 128 * 1024 * 1024 }
/** Stills of one video that may be made at the same time. */
const MAX_UNFINISHED = 20
const RETRY_AFTER_MS = 2000

/**
 * The still at this place, which is begun unless it exists; of several calls at once, one begins it. Throws
 * `STILL_LIMIT_REACHED`, `VIDEO_NOT_FOUND`.
 * @param lost the id of a still whose file is gone
 */
export async function beginStill(
  tx: Tx,
  video: VideoRow & { plan: VideoPlan },
  place: StillPlace,
  lost: string | undefined,
): Promise<StillRow> {
  await holdVersion(tx, video)
  if (!(await lockForReference(tx, video.id))) throw new AppError('VIDEO_NOT_FOUND')
  await lockName(tx, `stills of ${video.id}`)
  if (lost !== undefined) await deleteStill(tx, lost)
  const found = await findStill(tx, video.id, place)
  if (found) return found
  if ((await countUnfinishedStills(tx, video.id)) >= MAX_UNFINISHED) {
    throw new AppError('STILL_LIMIT_REACHED', { retryAfterMs: RETRY_AFTER_MS })
  }
  const still = await insertStill(tx, randomUUID(), video.id, place)
  if (!still) throw new Error('a still was added beside its lock')
  const about = { playlistKey: keys.videoFolder(folderOf(video)), number: still.number }
  await addTaskOnce(tx, video.id, stillTask(video.plan, place, about), still.id)
  return still
}

/**
 * Ends the task of a still: with a picture of this size, or with null without one, so that the next request begins another
 * attempt. Deletes the task, because owners need not know of what viewers ask for.
 */
export async function endStill(tx: Tx, task: TaskRow, bytes: number | null): Promise<void> {
  const { id, video_id: videoId, attempt, params } = task
  if (params.kind !== 'still') throw new Error('not the task of a still')
  if (bytes === null) await deleteStill(tx, id)
  else await recordStill(tx, id, { key: keys.still(await findFolder(tx, videoId), id, attempt, params.format), bytes })
  await deleteStillTask(tx, id)
  for (const key of await deleteOldStills(tx, videoId, KEPT)) await queueFolderDeletion(tx, posix.dirname(key))
  await addEvent(tx, events['video.still-ended'], { aggregateId: id, sequence: 1 }, { videoId, stillId: id })
}

/** Throws `VIDEO_NOT_READY` while the published part of the largest rendition, which grows, ends before this frame. */
export async function assertFramePublished(
  { store }: Pick<Context, 'store'>,
  { status, plan: { rungs, frameRate }, ...video }: VideoRow & { plan: VideoPlan },
  frame: number,
): Promise<void> {
  if (status === 'ready') return
  const name = renditionPlaylist(rungs.at(-1)?.name ?? '')
  const text = await store.get(keys.playlist(folderOf(video), name)).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return null
    throw error
  })
  const playlist = text && parsePlaylist(text.toString())
  const seconds = playlist?.kind === 'media' ? playlist.segments.reduce((sum, { extinf }) => sum + extinf, 0) : 0
  if (((frame + 0.5) * frameRate.den) / frameRate.num < seconds) return
  throw new AppError('VIDEO_NOT_READY', {
    detail: 'The largest rendition of this video does not reach this time yet',
    retryAfterMs: RETRY_AFTER_MS,
  })
}
