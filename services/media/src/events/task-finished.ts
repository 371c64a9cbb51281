import { randomUUID } from 'node:crypto'
import type { EventData } from '@kinora/common/contract'
import type { Chapter, events, TaskResult } from '@kinora/common/contracts'
import { firstTimeSeen } from '@kinora/common/db'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { TaskRow, Tx, VideoRow } from '../db/schema.ts'
import { factsOf } from '../domain/clip.ts'
import { checkResult, remainingWork } from '../domain/segments.ts'
import { chaptersOf } from '../domain/timed-text.ts'
import { changeVideo } from '../operations/change-video.ts'
import { attemptFailed } from '../operations/end-attempt.ts'
import { lengthRefusal } from '../operations/limits.ts'
import { writePassport } from '../operations/passport.ts'
import { planWork } from '../operations/plan-source.ts'
import { planHeadStart } from '../operations/speculative-segments.ts'
import { recordPoster, recordStoryboard } from '../repositories/pictures.ts'
import { discardFiles, replaceParts, writtenBefore, writtenParts } from '../repositories/segments.ts'
import { keepLog, recordTools } from '../repositories/task-attempts.ts'
import { completeAttempt, findTask, holdsLease, type Lease } from '../repositories/tasks.ts'
import { setSourceChapters } from '../repositories/timed-texts.ts'

/**
 * A worker has written all files of an attempt. Only the attempt that holds the lease counts; what a late one wrote is
 * removed, unless it was recorded while that one held it. The playlists follow after the commit, because they may show committed facts only.
 */
export async function taskFinished(
  ctx: Context,
  { result, tools, log, ...lease }: EventData<(typeof events)['task.finished']>,
  eventId: string,
): Promise<void> {
  const task = await findTask(ctx.db, lease.taskId)
  // Its video was deleted, and with it whatever the attempt may have written.
  if (!task) return
  await changeVideo(ctx, task.video_id, async (tx, video) => {
    if (!(await firstTimeSeen(tx, eventId))) return
    const current = await findTask(tx, lease.taskId)
    if (!current) return
    if (tools && holdsLease(current, lease)) await recordTools(tx, lease, tools)
    if (log !== undefined) await keepLog(tx, lease, log)
    const outcome = holdsLease(current, lease)
      ? await finish(ctx, tx, video, current, lease, result)
      : await discard(tx, current, lease)
    ctx.metrics.attempts.inc({ kind: current.kind, outcome })
  })
}

async function finish(
  ctx: Context,
  tx: Tx,
  video: VideoRow,
  task: TaskRow,
  lease: Lease,
  result: TaskResult,
): Promise<'done' | 'failed'> {
  const { parts } = await writtenParts(tx, video.id)
  const asked = remainingWork(task.params, await writtenBefore(tx, lease))
  const share = task.early_share
  const facts = result.kind === 'probe' && share === null ? factsOf(video, result.facts) : null
  const fault =
    checkResult(asked, result, parts) ??
    (facts ? await lengthRefusal(ctx, tx, video.owner_id, facts.durationSeconds) : null)
  if (fault) {
    ctx.logger.warn({ taskId: task.id, attempt: task.attempt, code: fault.code }, 'a result was refused')
    await attemptFailed(tx, task, lease, fault)
    return 'failed'
  }
  await completeAttempt(tx, lease)
  if (result.kind === 'probe' && task.params.kind === 'probe' && share !== null) {
    await planHeadStart(tx, video, result.facts, { key: task.params.sourceKey, share }, ctx.config)
  }
  if (facts) await planWork(tx, video, facts, ctx.config)
  if (facts && result.kind === 'probe') await takeChapters(tx, video.id, chaptersOf(result.chapters ?? [], facts))
  if (result.kind === 'poster') await recordPoster(tx, video, result.posterKey)
  if (result.kind === 'storyboard' && task.params.kind === 'storyboard') {
    const folderKey = keys.attempt(video.id, task.id, task.attempt)
    await recordStoryboard(tx, video.id, { ...task.params.grid, folderKey })
  }
  if (result.kind === 'finalise') await writePassport(ctx, tx, video, result)
  if (result.kind === 'audio' || result.kind === 'video') await replaceParts(tx, lease, result)
  return 'done'
}

async function takeChapters(tx: Tx, videoId: string, items: Chapter[]): Promise<void> {
  if (items.length > 0) await setSourceChapters(tx, videoId, { id: randomUUID(), items })
}

async function discard(tx: Tx, task: TaskRow, lease: Lease): Promise<'late'> {
  // The same news under another id must not remove the files of the attempt that counts.
  const superseded = lease.attempt < task.attempt || task.state === 'cancelled' || task.state === 'failed'
  if (superseded) await discardFiles(tx, task.video_id, lease)
  return 'late'
}
