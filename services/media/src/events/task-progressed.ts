import type { EventData } from '@kinora/common/contract'
import type { events, MediaPart, ToolRuns } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { TaskRow } from '../db/schema.ts'
import { checkPart, type Part, remainingWork, segmentsOf } from '../domain/segments.ts'
import { rangeOf } from '../domain/video-segments.ts'
import { changeVideo, sayProgress } from '../operations/change-video.ts'
import { addPart, writtenParts } from '../repositories/segments.ts'
import { recordTools } from '../repositories/task-attempts.ts'
import { findTask, type Lease, renewLease } from '../repositories/tasks.ts'

/** A heartbeat, perhaps with new segments. Telling it twice or late does no harm, so it needs no inbox. */
export async function taskProgressed(
  ctx: Context,
  { fraction, written, tools, ...lease }: EventData<(typeof events)['task.progressed']>,
): Promise<void> {
  if (written) return await recordSegments(ctx, lease, fraction, { written, tools })
  const videoId = await renewLease(ctx.db, lease, fraction, ctx.config.LEASE_MS)
  if (videoId) await sayProgress(ctx, videoId)
}

/** Whoever holds the lease may add to what is published; the playlists follow after the commit. */
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
    else ctx.logger.info(lease, 'segments were not recorded; the end of the attempt tells of them again')
  })
}

/**
 * Not so for what was told before, or overtook what comes before it. The last segment of a picture task comes with its
 * result: a task of which nothing is left could not be tried again. So does all of a copy, which could not become an encode.
 */
function follows({ params, written }: TaskRow, part: MediaPart, parts: readonly Part[]): boolean {
  const work = remainingWork(params, written)
  const isOpen = work.kind !== 'video' || (!work.copied && segmentsOf(part).to < rangeOf(work).to)
  return isOpen && checkPart(work, part, parts) === null
}
