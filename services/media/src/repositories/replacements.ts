import type { Replacement, Warning } from '@kinora/common/contracts'
import { lockName, lockNameShared } from '@kinora/common/db'
import { AppError } from '@kinora/common/errors'
import { sql } from 'kysely'
import type { Db, Tx, VideoRow } from '../db/schema.ts'
import type { StoredCaptions, StoredChapters } from '../db/stored.ts'
import { insertVideo } from './videos.ts'

/*
 * A source that is to replace that of a video is processed as a row of its own, which no caller sees. When it is ready its tasks
 * and what they have made become those of the video, and its id the version of the video's files.
 */

/** Whether the bytes of another source arrive, or it is processed. Asked under the lock of the project's quota. */
export async function isBeingReplaced(tx: Tx, videoId: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`select
    exists (select from uploads where video_id = ${videoId} and replaces and completed_at is null)
    or exists (select from videos where replaces = ${videoId}) as found`.execute(tx)
  return rows[0]?.found ?? false
}

export async function findReplacement(tx: Tx, videoId: string): Promise<VideoRow | undefined> {
  return await tx.selectFrom('videos').selectAll().where('replaces', '=', videoId).executeTakeFirst()
}

/** The frames get the same watermark, whose picture belongs to the video. For a video whose row is locked. */
export async function insertReplacement(tx: Tx, id: string, video: VideoRow): Promise<VideoRow> {
  const about = { ownerId: video.owner_id, projectId: video.project_id, title: video.title }
  await insertVideo(tx, { id, ...about, description: '', tags: [], visibility: 'private' })
  return await tx
    .updateTable('videos')
    .set({ replaces: video.id, watermark: video.watermark && JSON.stringify(video.watermark) })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/**
 * For a task that is planned by a row which was read before: throws `VIDEO_NOT_READY` where the source has been replaced since, and
 * keeps it from being replaced before the commit. Taken before locks of rows.
 */
export async function holdVersion(tx: Tx, { id, version }: VideoRow): Promise<void> {
  await lockNameShared(tx, versionOf(id))
  const found = await tx.selectFrom('videos').select('version').where('id', '=', id).executeTakeFirst()
  if (!found) throw new AppError('VIDEO_NOT_FOUND')
  if (found.version !== version) throw new AppError('VIDEO_NOT_READY', { retryAfterMs: 1000 })
}

function versionOf(videoId: string): string {
  return `version of ${videoId}`
}

/** Rows that are processed to replace the source of a video. */
export async function replacements(db: Db): Promise<{ id: string; videoId: string; status: VideoRow['status'] }[]> {
  const rows = db.selectFrom('videos').select(['id', 'replaces', 'status']).where('replaces', 'is not', null)
  return (await rows.execute()).flatMap(({ id, replaces, status }) =>
    replaces ? [{ id, videoId: replaces, status }] : [],
  )
}

export async function recordReplacement(tx: Tx, videoId: string, replacement: Replacement | null): Promise<void> {
  await tx
    .updateTable('videos')
    .set({ replacement: replacement && JSON.stringify(replacement) })
    .where('id', '=', videoId)
    .execute()
}

/** Its tasks go with it, so that workers stop. */
export async function deleteReplacement(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('videos').where('id', '=', id).where('replaces', 'is not', null).execute()
}

/** Whether a task of a video is to come or runs; false also for a video without tasks. */
export async function hasOpenTasks(tx: Tx, videoId: string): Promise<boolean> {
  const query = tx.selectFrom('tasks').select('id').where('video_id', '=', videoId)
  const open = query.where('state', 'in', ['waiting', 'queued', 'running']).limit(1)
  return (await open.executeTakeFirst()) !== undefined
}

/** Names of the folders that running attempts of a video may still write. */
export async function openAttempts(tx: Tx, videoId: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select id || '-' || attempt as name from tasks
    where video_id = ${videoId} and state in ('queued', 'running')`.execute(tx)
  return rows.map(({ name }) => name)
}

/** What the video keeps or gets beside what the new source has made. */
export interface Kept {
  captions: readonly StoredCaptions[]
  chapters: StoredChapters | null
  warnings: readonly Warning[]
}

/**
 * Puts the new source, its tasks and all that they have made in the place of the old one, with one statement for the row. For rows
 * that are both locked.
 */
export async function takeReplacement(tx: Tx, videoId: string, id: string, kept: Kept): Promise<void> {
  await lockName(tx, versionOf(videoId))
  await tx.deleteFrom('tasks').where('video_id', '=', videoId).execute()
  await tx.deleteFrom('stills').where('video_id', '=', videoId).execute()
  await tx.updateTable('tasks').set({ video_id: videoId }).where('video_id', '=', id).execute()
  const chapters = kept.chapters && JSON.stringify(kept.chapters)
  await sql`
    with next as (delete from videos where id = ${id} and replaces = ${videoId} returning *)
    update videos set
      upload_id = next.upload_id, source_key = next.source_key, source_filename = next.source_filename,
      source_bytes = next.source_bytes, source_sha256 = next.source_sha256, source_removed_at = null, web_file = null,
      clip = null, facts = next.facts, plan = next.plan, renditions = next.renditions, audio_tracks = next.audio_tracks,
      poster_key = next.poster_key, storyboard = next.storyboard,
      passport_key = next.passport_key, passport_sha256 = next.passport_sha256,
      captions = ${JSON.stringify(kept.captions)}::jsonb, chapters = ${chapters}::jsonb,
      warnings = ${JSON.stringify(kept.warnings)}::jsonb,
      status = next.status, playable = next.playable, stage = next.stage, percent = next.percent, error = null,
      material = next.material, material_published = next.material_published, republish = false,
      finish_estimate = null, ready_at = now(), version = next.id, replacement = null,
      -- It was that of the upload link by which the old source came.
      max_duration_seconds = null
    from next where videos.id = ${videoId}`.execute(tx)
}
