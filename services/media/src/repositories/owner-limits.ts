import type { Limits, Usage } from '@kinora/common/contracts'
import { sql } from 'kysely'
import type { MediaConfig } from '../config.ts'
import type { Db, Tx } from '../db/schema.ts'

/** Changes what is given and leaves the rest; null takes an owner's own limit back. */
export async function changeLimits(tx: Tx, ownerId: string, change: Partial<Limits>): Promise<void> {
  const { storedBytes, uploadBytes, minutes, videoSeconds, runningTasks } = change
  const columns = {
    ...(storedBytes !== undefined && { stored_bytes: storedBytes }),
    ...(uploadBytes !== undefined && { upload_bytes: uploadBytes }),
    ...(minutes !== undefined && { minutes }),
    ...(videoSeconds !== undefined && { video_seconds: videoSeconds }),
    ...(runningTasks !== undefined && { running_tasks: runningTasks }),
  }
  await tx
    .insertInto('owner_limits')
    .values({ owner_id: ownerId, ...columns })
    .onConflict((conflict) =>
      Object.keys(columns).length > 0
        ? conflict.column('owner_id').doUpdateSet(columns)
        : conflict.column('owner_id').doNothing(),
    )
    .execute()
}

export async function forgetLimits(db: Db, ownerId: string): Promise<void> {
  await db.deleteFrom('owner_limits').where('owner_id', '=', ownerId).execute()
}

/** From here to the commit nobody else finds out what room this owner has left. Taken after locks of videos, never before. */
export async function lockRoom(tx: Tx, ownerId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`room of ${ownerId}`}, 0))`.execute(tx)
}

interface StandingRow {
  bytes: string
  minutes: number
  videos: string
  uploads: string
  running_tasks: string
  limits: Partial<Limits>
}

/** How much an owner has and may have, counted anew: there is no total that could be wrong. */
export async function standingOf(db: Db, config: MediaConfig, ownerId: string): Promise<Usage> {
  const { rows } = await sql<StandingRow>`
    select
      stored.bytes + coming.bytes as bytes, stored.minutes, stored.videos, coming.uploads, work.running_tasks,
      coalesce((
        select json_strip_nulls(json_build_object('storedBytes', stored_bytes, 'uploadBytes', upload_bytes,
          'minutes', minutes, 'videoSeconds', video_seconds, 'runningTasks', running_tasks))
        from owner_limits where owner_id = ${ownerId}
      ), '{}') as limits
    from (
      select coalesce(sum(source_bytes), 0) as bytes, count(*) as videos,
        coalesce(sum((facts->>'durationSeconds')::double precision), 0) / 60 as minutes
      from videos where owner_id = ${ownerId}
    ) stored, (
      select coalesce(sum(bytes), 0) as bytes, count(*) as uploads
      from uploads where owner_id = ${ownerId} and completed_at is null
    ) coming, (
      select count(*) as running_tasks from tasks join videos on videos.id = tasks.video_id
      where videos.owner_id = ${ownerId} and tasks.state = 'running'
    ) work`.execute(db)
  const [row] = rows
  if (!row) throw new Error('sums always have a row')
  return {
    bytes: Number(row.bytes),
    minutes: row.minutes,
    videos: Number(row.videos),
    uploads: Number(row.uploads),
    runningTasks: Number(row.running_tasks),
    limits: { ...defaultLimits(config), ...row.limits },
  }
}

function defaultLimits(config: MediaConfig): Limits {
  return {
    storedBytes: config.QUOTA_BYTES ?? null,
    uploadBytes: config.MAX_UPLOAD_BYTES,
    minutes: config.QUOTA_MINUTES ?? null,
    videoSeconds: config.MAX_VIDEO_SECONDS ?? null,
    runningTasks: config.MAX_RUNNING_TASKS ?? null,
  }
}
