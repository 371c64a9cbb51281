import type { Handler } from '@kinora/common/contract'
import type { media, WaitingTask } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { waitingFor } from '../domain/waiting.ts'
import { attemptsOfVideo, unfinishedTasks } from '../repositories/task-attempts.ts'

export function getTimeline(ctx: Context): Handler<typeof media.getTimeline> {
  return async ({ videoId }, { actor }) => {
    const video = await ctx.readVideo(videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    const rows = await attemptsOfVideo(ctx.db, videoId)
    const items = rows.map((row) => ({
      taskId: row.id,
      kind: row.kind,
      label: row.label,
      attempt: row.attempt,
      state: row.state,
      worker: row.worker,
      queuedAt: row.queued_at.toISOString(),
      startedAt: row.started_at?.toISOString() ?? null,
      endedAt: row.ended_at?.toISOString() ?? null,
      cause: row.cause && { code: row.cause.code, detail: row.cause.detail },
      hasLog: row.has_log,
    }))
    // Bounded by the tasks of one video and their few tries: one page holds it all.
    return { items, nextCursor: null, waiting: await waitingTasks(ctx, videoId) }
  }
}

async function waitingTasks(ctx: Context, videoId: string): Promise<WaitingTask[]> {
  const rows = await unfinishedTasks(ctx.db, videoId)
  const tasksDone = rows.every(({ kind }) => kind !== 'audio' && kind !== 'video')
  return rows.flatMap(({ id, kind, label, state, held, not_before: notBefore }) => {
    if (state === 'running') return []
    const waits = waitingFor({ kind, state, held, notBefore }, tasksDone)
    return [{ taskId: id, kind, label, ...waits, until: notBefore?.toISOString() ?? null }]
  })
}
