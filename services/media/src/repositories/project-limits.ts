import type { Limits, Usage } from '@kinora/common/contracts'
import { lockName } from '@kinora/common/db'
import { sql } from 'kysely'
import type { MediaConfig } from '../config.ts'
import type { Db, Tx } from '../db/schema.ts'

/** Changes the given limits and leaves the rest; null restores the installation's limit. */
export async function changeLimits(tx: Tx, projectId: string, change: Partial<Limits>): Promise<void> {
  const { storedBytes, uploadBytes, minutes, videoSeconds, runningTasks, sourceDays } = change
  const columns = {
    ...(storedBytes !== undefined && { stored_bytes: storedBytes }),
    ...(uploadBytes !== undefined && { upload_bytes: uploadBytes }),
    ...(minutes !== undefined && { minutes }),
    ...(videoSeconds !== undefined && { video_seconds: videoSeconds }),
    ...(runningTasks !== undefined && { running_tasks: runningTasks }),
    ...(sourceDays !== undefined && { source_days: sourceDays }),
  }
  await tx
    .insertInto('project_limits')
    .values({ project_id: projectId, ...columns })
    .onConflict((conflict) =>
      Object.keys(columns).length > 0
        ? conflict.column('project_id').doUpdateSet(columns)
        : conflict.column('project_id').doNothing(),
    )
    .execute()
}

export async function deleteLimits(db: Db, projectId: string): Promise<void> {
  await db.deleteFrom('project_limits').where('project_id', '=', projectId).execute()
}

/**
 * Until the commit no other transaction can reserve quota of this project. Taken after locks of videos, never before.
 */
export async function lockQuota(tx: Tx, projectId: string): Promise<void> {
  await lockName(tx, `room of ${projectId}`)
}

export async function countVideosOf(db: Db, projectId: string): Promise<number> {
  const { rows } = await sql<{ videos: number }>`select count(*)::integer as videos from videos
    where project_id = ${projectId} and replaces is null`.execute(db)
  return rows[0]?.videos ?? 0
}

interface UsageRow {
  bytes: string
  retired_bytes: string
  minutes: number
  videos: string
  uploads: string
  running_tasks: string
  limits: Partial<Limits>
}

/** What a project has and may have, counted from the rows on each call: no stored total can be wrong. */
export async function usageOf(db: Db, config: MediaConfig, projectId: string): Promise<Usage> {
  const { rows } = await sql<UsageRow>`
    select
      stored.bytes + coming.bytes as bytes, retired.bytes as retired_bytes, stored.minutes, stored.videos, coming.uploads, work.running_tasks,
      coalesce((
        select json_strip_nulls(json_build_object('storedBytes', stored_bytes, 'uploadBytes', upload_bytes,
          'minutes', minutes, 'videoSeconds', video_seconds, 'runningTasks', running_tasks, 'sourceDays', source_days))
        from project_limits where project_id = ${projectId}
      ), '{}') as limits
    from (
      select count(*) filter (where replaces is null) as videos, coalesce(sum(case when source_key is null then 0 else coalesce(source_bytes, 0) end
          + coalesce((watermark->'picture'->>'bytes')::bigint, 0)
          + case when captions = '[]' then 0
            else (select coalesce(sum((it->>'bytes')::bigint), 0) from jsonb_array_elements(captions) as it) end
          + case when audio_tracks @> '[{"added": {}}]'
            then (select coalesce(sum((it->'added'->>'bytes')::bigint), 0) from jsonb_array_elements(audio_tracks) as it) else 0 end
          + case when chapters_of_owner then coalesce(octet_length(chapters::text), 0) else 0 end
        ), 0) as bytes,
        coalesce(sum((facts->>'durationSeconds')::double precision), 0) / 60 as minutes
      from videos where project_id = ${projectId}
    ) stored, (
      select coalesce(sum(bytes), 0) as bytes, count(*) as uploads
      from uploads where project_id = ${projectId} and completed_at is null
    ) coming, (
      select coalesce(sum(bytes), 0) as bytes from deletions where project_id = ${projectId}
    ) retired, (
      select count(*) as running_tasks from tasks join videos on videos.id = tasks.video_id
      where videos.project_id = ${projectId} and tasks.state = 'running' and tasks.kind <> 'still'
    ) work`.execute(db)
  const [row] = rows
  if (!row) throw new Error('the query for the usage returned no row')
  return {
    bytes: Number(row.bytes),
    retiredBytes: Number(row.retired_bytes),
    minutes: row.minutes,
    videos: Number(row.videos),
    uploads: Number(row.uploads),
    runningTasks: Number(row.running_tasks),
    limits: { ...defaultLimits(config), ...row.limits },
  }
}

/** How many tasks of a project may run at once; null where there is no limit. */
export async function runningLimit(db: Db, config: MediaConfig, projectId: string): Promise<number | null> {
  const own = await db
    .selectFrom('project_limits')
    .select('running_tasks')
    .where('project_id', '=', projectId)
    .executeTakeFirst()
  const limit = own?.running_tasks ?? config.MAX_RUNNING_TASKS ?? null
  return limit === null ? null : Number(limit)
}

/** For a video that is created now: a later change removes nothing of it. */
export async function sourceRetention(
  db: Db,
  config: MediaConfig,
  projectId: string,
): Promise<{ sourceDays: number | null }> {
  const query = db.selectFrom('project_limits').select('source_days').where('project_id', '=', projectId)
  const own = await query.executeTakeFirst()
  return { sourceDays: own?.source_days ?? config.SOURCE_RETENTION_DAYS ?? null }
}

function defaultLimits(config: MediaConfig): Limits {
  return {
    storedBytes: config.QUOTA_BYTES ?? null,
    uploadBytes: config.MAX_UPLOAD_BYTES,
    minutes: config.QUOTA_MINUTES ?? null,
    videoSeconds: config.MAX_VIDEO_SECONDS ?? null,
    runningTasks: config.MAX_RUNNING_TASKS ?? null,
    sourceDays: config.SOURCE_RETENTION_DAYS ?? null,
  }
}
