import type { EventData } from '@kinora/common/contract'
import { type events, knownCause, type MediaPart, type ToolRuns } from '@kinora/common/contracts'
import { firstTimeSeen } from '@kinora/common/db'
import type { Context } from '../context.ts'
import type { TaskRow } from '../db/schema.ts'
import { checkPart, type Part, rangeOf, remainingWork, segmentsOf } from '../domain/segments.ts'
import { changeVideo, publishProgress } from '../operations/change-video.ts'
import { attemptFailed } from '../operations/end-attempt.ts'
import { addPart, writtenParts } from '../repositories/segments.ts'
import { recordLog, recordTools } from '../repositories/task-attempts.ts'
import { findTask, holdsLease, type Lease, renewLease } from '../repositories/tasks.ts'

/** A heartbeat, possibly with new segments. A repeated or late one changes nothing, so it needs no inbox. */
export async function taskProgressed(
  ctx: Context,
  { fraction, written, tools, ...lease }: EventData<(typeof events)['task.progressed']>,
): Promise<void> {
  if (written) return await recordSegments(ctx, lease, fraction, { written, tools })
  const videoId = await renewLease(ctx.db, lease, fraction, ctx.config.LEASE_MS)
  if (videoId) await publishProgress(ctx, videoId)
}

/** The holder of the lease may add segments; the playlists follow after the commit. */
async function recordSegments(
  ctx: Context,
  lease: Lease,
  fraction: number,
  { written, tools }: { written: MediaPart; tools: ToolRuns | undefined },
): Promise<void> {
  const task = await findTask(ctx.db, lease.taskId)
  if (!task) return
  await changeVideo(ctx, task.video_id, async (tx) => {
    if (!(await renewLease(tx, lease, fraction, ctx.config.LEASE_MS))) return
    if (tools) await recordTools(tx, lease, tools)
    const current = await findTask(tx, lease.taskId)
    const { parts } = await writtenParts(tx, task.video_id)
    if (current && follows(current, written, parts)) await addPart(tx, lease, written)
    else ctx.logger.info(lease, 'segments were not recorded; the result of the attempt will contain them')
  })
}

/**
 * Whether these segments follow the recorded ones; false for repeated ones, and for those that overtook earlier ones. The
 * last segment of a video task comes with its result, because a task without remaining work could not be retried. All
 * segments of a remux come with its result, because encoding tasks could not replace it otherwise.
 */
function follows({ params, written }: TaskRow, part: MediaPart, parts: readonly Part[]): boolean {
  const work = remainingWork(params, written)
  const isOpen = work.kind !== 'video' || (!work.copied && segmentsOf(part).to < rangeOf(work).to)
  return isOpen && checkPart(work, part, parts) === null
}

/** A worker could not do an attempt: depending on the cause it is retried later, or the video fails. */
export async function taskFailed(
  ctx: Context,
  { cause, log, ...lease }: EventData<(typeof events)['task.failed']>,
  eventId: string,
): Promise<void> {
  const task = await findTask(ctx.db, lease.taskId)
  if (!task) return
  await changeVideo(ctx, task.video_id, async (tx) => {
    if (!(await firstTimeSeen(tx, eventId))) return
    const current = await findTask(tx, lease.taskId)
    if (!current) return
    if (log !== undefined) await recordLog(tx, lease, log)
    if (!holdsLease(current, lease)) return
    if (await attemptFailed(tx, current, lease, knownCause(cause)))
      ctx.metrics.attempts.inc({ kind: current.kind, outcome: 'failed' })
  })
}
