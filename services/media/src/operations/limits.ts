import type { TaskCause } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { Tx } from '../db/schema.ts'
import { assertWithinStoredBytes, lengthFault } from '../domain/quota.ts'
import { countTasks, deferredTasks, deferTask, type TaskOfVideo } from '../repositories/deferred-tasks.ts'
import { countVideosOf, lockQuota, runningLimit, usageOf } from '../repositories/project-limits.ts'

const MAX_RESUMED = 100

/**
 * Defers a queued attempt when the concurrency limit of its project is reached; true when it did. The check of a finished video
 * and stills are never deferred, because they are short, and neither are transcripts, which have workers of their own.
 */
export async function deferOverLimit(
  { config }: Context,
  tx: Tx,
  projectId: string,
  ref: { taskId: string; attempt: number },
): Promise<boolean> {
  const limit = await runningLimit(tx, config, projectId)
  if (limit === null) return false
  // No other task of this project starts before the commit.
  await lockQuota(tx, projectId)
  if ((await countTasks(tx, projectId, ['running'])) < limit) return false
  return await deferTask(tx, ref)
}

/** The deferred tasks of a project that may start now, in the order of work. */
export async function startableTasks({ db, config }: Context, projectId: string): Promise<TaskOfVideo[]> {
  const limit = await runningLimit(db, config, projectId)
  const active = limit === null ? 0 : await countTasks(db, projectId, ['running', 'queued'])
  const free = limit === null ? MAX_RESUMED : Math.min(MAX_RESUMED, limit - active)
  return free > 0 ? await deferredTasks(db, projectId, free) : []
}

/**
 * The reason why a video of this length must fail; null when it is within the limits. Holds the project's quota until the
 * commit, so that two videos probed at the same time both count.
 */
export async function lengthRefusal(
  { config }: Context,
  tx: Tx,
  projectId: string,
  seconds: number,
): Promise<TaskCause | null> {
  await lockQuota(tx, projectId)
  return lengthFault(seconds, await usageOf(tx, config, projectId))
}

/**
 * Called in a transaction that has added something to what the project stores; throws `QUOTA_EXCEEDED`, which undoes it, where
 * that is more than allowed. Everything that a project can store passes here or through `reserve`.
 */
export async function assertQuotaKept({ config }: Pick<Context, 'config'>, tx: Tx, projectId: string): Promise<void> {
  await lockQuota(tx, projectId)
  assertWithinStoredBytes(await usageOf(tx, config, projectId))
}

/** Refuses what cannot fit before anything is stored; `assertQuotaKept` decides. */
export async function assertQuotaFor(
  { db, config }: Pick<Context, 'db' | 'config'>,
  projectId: string,
  bytes: number,
): Promise<void> {
  const usage = await usageOf(db, config, projectId)
  assertWithinStoredBytes({ ...usage, bytes: usage.bytes + bytes })
}

/** Called before a video is added; of several requests at once only as many pass as there is room for. */
export async function assertMayAddVideo({ config }: Pick<Context, 'config'>, tx: Tx, projectId: string): Promise<void> {
  await lockQuota(tx, projectId)
  if ((await countVideosOf(tx, projectId)) >= config.MAX_VIDEOS_PER_ACCOUNT) throw new AppError('VIDEO_LIMIT_REACHED')
}
