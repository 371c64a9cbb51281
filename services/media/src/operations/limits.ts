import type { TaskCause } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { Tx } from '../db/schema.ts'
import { assertWithinStoredBytes, lengthFault } from '../domain/quota.ts'
import { countTasks, deferredTasks, deferTask, type TaskOfVideo } from '../repositories/deferred-tasks.ts'
import { countVideosOf, lockQuota, runningLimit, usageOf } from '../repositories/owner-limits.ts'

const MAX_RESUMED = 100

/**
 * Defers a queued attempt when its owner's concurrency limit is reached; true when it did. The check of a finished video and
 * stills are never deferred, because they are short, and neither are transcripts, which have workers of their own.
 */
export async function deferOverLimit(
  { config }: Context,
  tx: Tx,
  ownerId: string,
  ref: { taskId: string; attempt: number },
): Promise<boolean> {
  const limit = await runningLimit(tx, config, ownerId)
  if (limit === null) return false
  // No other task of this owner starts before the commit.
  await lockQuota(tx, ownerId)
  if ((await countTasks(tx, ownerId, ['running'])) < limit) return false
  return await deferTask(tx, ref)
}

/** The deferred tasks of an owner that may start now, in the order of work. */
export async function startableTasks({ db, config }: Context, ownerId: string): Promise<TaskOfVideo[]> {
  const limit = await runningLimit(db, config, ownerId)
  const active = limit === null ? 0 : await countTasks(db, ownerId, ['running', 'queued'])
  const free = limit === null ? MAX_RESUMED : Math.min(MAX_RESUMED, limit - active)
  return free > 0 ? await deferredTasks(db, ownerId, free) : []
}

/**
 * The reason why a video of this length must fail; null when it is within the limits. Holds the owner's quota until the
 * commit, so that two videos probed at the same time both count.
 */
export async function lengthRefusal(
  { config }: Context,
  tx: Tx,
  ownerId: string,
  seconds: number,
): Promise<TaskCause | null> {
  await lockQuota(tx, ownerId)
  return lengthFault(seconds, await usageOf(tx, config, ownerId))
}

/**
 * Called in a transaction that has added something to what the owner stores; throws `QUOTA_EXCEEDED`, which undoes it, where
 * that is more than allowed. Everything that an owner can store passes here or through `reserve`.
 */
export async function assertQuotaKept({ config }: Pick<Context, 'config'>, tx: Tx, ownerId: string): Promise<void> {
  await lockQuota(tx, ownerId)
  assertWithinStoredBytes(await usageOf(tx, config, ownerId))
}

/** Refuses what cannot fit before anything is stored; `assertQuotaKept` decides. */
export async function assertQuotaFor(
  { db, config }: Pick<Context, 'db' | 'config'>,
  ownerId: string,
  bytes: number,
): Promise<void> {
  const usage = await usageOf(db, config, ownerId)
  assertWithinStoredBytes({ ...usage, bytes: usage.bytes + bytes })
}

/** Called before a video is added; of several requests at once only as many pass as there is room for. */
export async function assertMayAddVideo({ config }: Pick<Context, 'config'>, tx: Tx, ownerId: string): Promise<void> {
  await lockQuota(tx, ownerId)
  if ((await countVideosOf(tx, ownerId)) >= config.MAX_VIDEOS_PER_ACCOUNT) throw new AppError('VIDEO_LIMIT_REACHED')
}
