import type { Handler } from '@kinora/common/contract'
import type { media, Task } from '@kinora/common/contracts'
import { CursorInteger, CursorTime, decodeCursor, encodeCursor, pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { assertMayWith } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { attemptReleased } from '../operations/end-attempt.ts'
import { transact } from '../operations/transact.ts'
import { addAuditRecord } from '../repositories/parked.ts'
import {
  attemptState,
  findLog,
  listTasks as findTasks,
  type ListedTask,
  type TaskCursor,
} from '../repositories/task-attempts.ts'
import { findTask, holdsLease } from '../repositories/tasks.ts'
import { findVideo } from '../repositories/videos.ts'
import { byAdmin } from './guards.ts'

/** The states of the tasks that are listed where the caller names none. */
const DEFAULT_STATES = ['running', 'failed'] as const

/** The last task of a page: the creation and id of its video, and its ordinal. */
const Cursor = z.tuple([CursorTime, z.uuid(), CursorInteger])

export function listTasks({ db }: Context): Handler<typeof media.listTasks> {
  return byAdmin<typeof media.listTasks>(async ({ limit, cursor, status, videoId }) => {
    const states = status === undefined ? DEFAULT_STATES : [status]
    const after = cursor === undefined ? undefined : decoded(cursor)
    const rows = await findTasks(db, { states, videoId }, { limit: limit + 1, after })
    return pageOf(rows, limit, toTask, cursorOf)
  })
}

function decoded(cursor: string): TaskCursor {
  const [videoCreatedAt, videoId, ordinal] = decodeCursor(cursor, Cursor)
  return { videoCreatedAt, videoId, ordinal }
}

function cursorOf({ video_created_at, video_id, ordinal }: ListedTask): string {
  return encodeCursor([video_created_at.toISOString(), video_id, String(ordinal)])
}

function toTask(row: ListedTask): Task {
  return {
    id: row.id,
    videoId: row.video_id,
    ownerId: row.owner_id,
    kind: row.kind,
    label: row.label,
    status: row.state,
    attempt: row.attempt,
    worker: row.worker,
    percent: Math.floor(row.fraction * 100),
    startedAt: row.started_at?.toISOString() ?? null,
    leaseUntil: row.lease_until?.toISOString() ?? null,
    cause: row.cause,
  }
}

export function releaseTask(ctx: Context): Handler<typeof media.releaseTask> {
  return async (lease) => {
    const task = await findTask(ctx.db, lease.taskId)
    if (!task) throw new AppError('TASK_GONE')
    const changed = await changeVideo(ctx, task.video_id, async (tx) => {
      const current = await findTask(tx, lease.taskId)
      if (current && holdsLease(current, lease)) return await attemptReleased(tx, current, lease)
      // A repeated call, whose first response was lost.
      return (await attemptState(tx, lease)) === 'released'
    })
    if (!changed?.result) throw new AppError('TASK_GONE')
    return {}
  }
}

/** For members of the project, and for administrators, who support them. */
export function getTaskLog(ctx: Context): Handler<typeof media.getTaskLog> {
  return async ({ videoId, taskId, attempt }, call) => {
    const { actor } = call
    const video = await findVideo(ctx.db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    const supports = actor.kind === 'user' && actor.role !== 'user'
    if (!supports) assertMayWith(video, actor, 'read')
    const log = await findLog(ctx.db, videoId, taskId, attempt)
    if (log === undefined) throw new AppError('TASK_LOG_NOT_FOUND')
    if (supports) await transact(ctx, (tx) => addAuditRecord(tx, call, 'task_log_read', videoId), { call })
    return { log }
  }
}
