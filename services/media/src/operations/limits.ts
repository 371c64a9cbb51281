import type { TaskCause } from '@kinora/common/contracts'
import { sql } from 'kysely'
import type { Context } from '../context.ts'
import type { Db, Tx } from '../db/schema.ts'
import { lengthFault } from '../domain/quota.ts'
import { lockRoom, standingOf } from '../repositories/owner-limits.ts'

/**
 * Puts a queued attempt aside when its owner has as many tasks running as it may have; true when it did. The check of a
 * video that is done is never put aside: it is short.
 */
export async function holdBack(
  ctx: Context,
  tx: Tx,
  ownerId: string,
  ref: { taskId: string; attempt: number },
): Promise<boolean> {
  const limit = await runningLimit(ctx, tx, ownerId)
  if (limit === null) return false
  // Until the commit nobody else starts a task of this owner's.
  await lockRoom(tx, ownerId)
  if ((await countTasks(tx, ownerId, ['running'])) < limit) return false
  const { numUpdatedRows } = await tx
    .updateTable('tasks')
    .set({ state: 'waiting', held: true, not_before: null })
    .where('id', '=', ref.taskId)
    .where('attempt', '=', ref.attempt)
    .where('state', '=', 'queued')
    .where('kind', '<>', 'finalise')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

export interface HeldTask {
  id: string
  video_id: string
}

/** Of what this owner's limit had put aside, as much as may start now, in the order of work. */
export async function startableTasks(ctx: Context, ownerId: string): Promise<HeldTask[]> {
  const limit = await runningLimit(ctx, ctx.db, ownerId)
  const active = limit === null ? 0 : await countTasks(ctx.db, ownerId, ['running', 'queued'])
  const free = limit === null ? AT_ONCE : Math.min(AT_ONCE, limit - active)
  if (free <= 0) return []
  return await ctx.db
    .selectFrom('tasks')
    .innerJoin('videos', 'videos.id', 'tasks.video_id')
    .select(['tasks.id', 'tasks.video_id'])
    .where('videos.owner_id', '=', ownerId)
    .where('tasks.held', '=', true)
    .where('tasks.state', '=', 'waiting')
    .orderBy('videos.created_at')
    .orderBy('tasks.ordinal')
    .limit(free)
    .execute()
}

const AT_ONCE = 100

export async function ownersOfHeldTasks(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('tasks')
    .innerJoin('videos', 'videos.id', 'tasks.video_id')
    .select('videos.owner_id')
    .distinct()
    .where('tasks.held', '=', true)
    .where('tasks.state', '=', 'waiting')
    .execute()
  return rows.map((row) => row.owner_id)
}

async function runningLimit({ config }: Context, db: Db, ownerId: string): Promise<number | null> {
  const own = await db
    .selectFrom('owner_limits')
    .select('running_tasks')
    .where('owner_id', '=', ownerId)
    .executeTakeFirst()
  const limit = own?.running_tasks ?? config.MAX_RUNNING_TASKS ?? null
  return limit === null ? null : Number(limit)
}

async function countTasks(db: Db, ownerId: string, states: string[]): Promise<number> {
  const { rows } = await sql<{ tasks: string }>`select count(*) as tasks
    from tasks join videos on videos.id = tasks.video_id
    where videos.owner_id = ${ownerId} and tasks.state = any(${states})`.execute(db)
  return Number(rows[0]?.tasks ?? 0)
}

/**
 * Why a video of this length may not be made; null when it may. Until the commit nobody else of this owner's asks, so
 * that of two videos probed at once both count.
 */
export async function lengthRefusal(ctx: Context, tx: Tx, ownerId: string, seconds: number): Promise<TaskCause | null> {
  await lockRoom(tx, ownerId)
  return lengthFault(seconds, await standingOf(tx, ctx.config, ownerId))
}
