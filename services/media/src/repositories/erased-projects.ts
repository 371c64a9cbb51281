import { events } from '@kinora/common/contracts'
import { addEvent, lockName, lockNameShared } from '@kinora/common/db'
import { sql } from 'kysely'
import type { Db, Tx } from '../db/schema.ts'

/**
 * Records that an account or a project was deleted: after the commit nothing can be created in its project. Waits for videos that are being
 * created. When the erasure is finished already, its event is added again, because the first one did not arrive.
 */
export async function recordErasure(tx: Tx, projectId: string): Promise<void> {
  await lockName(tx, lockOf(projectId))
  await tx
    .insertInto('erased_projects')
    .values({ project_id: projectId, done_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const known = await tx
    .selectFrom('erased_projects')
    .select('done_at')
    .where('project_id', '=', projectId)
    .executeTakeFirstOrThrow()
  if (known.done_at) await addProjectErased(tx, projectId)
}

/**
 * Whether the project was deleted, or its account. Called before something is created in it; delays an erasure until the commit.
 */
export async function isErased(tx: Tx, projectId: string): Promise<boolean> {
  await lockNameShared(tx, lockOf(projectId))
  const found = await tx
    .selectFrom('erased_projects')
    .select('project_id')
    .where('project_id', '=', projectId)
    .executeTakeFirst()
  return found !== undefined
}

function lockOf(projectId: string): string {
  return `owner ${projectId}`
}

export async function unfinishedErasures(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('erased_projects').select('project_id').where('done_at', 'is', null).execute()
  return rows.map((row) => row.project_id)
}

export async function videosOfProject(db: Db, projectId: string, limit: number): Promise<string[]> {
  const query = db.selectFrom('videos').select('id').where('project_id', '=', projectId).where('replaces', 'is', null)
  const rows = await query.limit(limit).execute()
  return rows.map((row) => row.id)
}

/**
 * Finishes an erasure once the project has no video, webhook, upload link or playback key and no file to remove, now or after the
 * last late attempt.
 * True only in the call that finishes it.
 */
export async function finishErasure(tx: Tx, projectId: string): Promise<boolean> {
  const { numAffectedRows } = await sql`update erased_projects set done_at = now()
    where project_id = ${projectId} and done_at is null
      and not exists (select from videos where videos.project_id = ${projectId})
      and not exists (select from webhooks where webhooks.project_id = ${projectId})
      and not exists (select from upload_links where upload_links.project_id = ${projectId})
      and not exists (select from playback_keys where playback_keys.project_id = ${projectId})
      and not exists (select from deletions where deletions.project_id = ${projectId})`.execute(tx)
  if (numAffectedRows !== 1n) return false
  await addProjectErased(tx, projectId)
  return true
}

async function addProjectErased(tx: Tx, projectId: string): Promise<void> {
  await addEvent(tx, events['video.owner-erased'], { aggregateId: projectId, sequence: 1 }, { ownerId: projectId })
}
