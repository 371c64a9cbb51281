import { administratorOnly, serviceOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { media, Task } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { attemptReleased } from '../operations/end-attempt.ts'
import {
  attemptState,
  findLog,
  listTasks as findTasks,
  type ListedTask,
  type TaskPosition,
} from '../repositories/task-attempts.ts'
import { findTask, holdsLease } from '../repositories/tasks.ts'
import { findVideo } from '../repositories/videos.ts'

/** What an operator looks for who does not say. */
const OF_INTEREST = ['running', 'failed'] as const

const Place = z.tuple([z.iso.datetime(), z.uuid(), z.coerce.number().int()])

export function listTasks(ctx: Context): Handler<typeof media.listTasks> {
  return async ({ limit, cursor, status, videoId }, { actor }) => {
    administratorOnly(actor)
    const states = status === undefined ? OF_INTEREST : [status]
    const after = cursor === undefined ? undefined : positionAt(cursor)
    // One more than asked for tells whether there is a next page.
    const rows = await findTasks(ctx.db, { states, videoId }, { limit: limit + 1, after })
    const page = rows.slice(0, limit)
    const last = rows.length > limit ? page.at(-1) : undefined
    return { items: page.map(toTask), nextCursor: last ? cursorOf(last) : null }
  }
}

function positionAt(cursor: string): TaskPosition {
  const [videoCreatedAt, videoId, ordinal] = decodeCursor(cursor, Place)
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
  return async (lease, { actor }) => {
    serviceOnly(actor, 'worker')
    const task = await findTask(ctx.db, lease.taskId)
    if (!task) throw new AppError('TASK_GONE')
    const changed = await changeVideo(ctx, task.video_id, async (tx) => {
      const current = await findTask(tx, lease.taskId)
      if (current && holdsLease(current, lease)) return await attemptReleased(tx, current, lease)
      // Asked twice: the first answer was lost.
      return (await attemptState(tx, lease)) === 'released'
    })
    if (!changed?.result) throw new AppError('TASK_GONE')
    return {}
  }
}

/** For the owner, and for administrators, who are asked why something failed. */
export function getTaskLog(ctx: Context): Handler<typeof media.getTaskLog> {
  return async ({ videoId, taskId, attempt }, { actor }) => {
    const video = await findVideo(ctx.db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    const isAdmin = actor.kind === 'user' && actor.role === 'admin'
    if (!isAdmin) assertOwner(actor, video)
    const log = await findLog(ctx.db, videoId, taskId, attempt)
    if (log === undefined) throw new AppError('TASK_LOG_NOT_FOUND')
    return { log }
  }
}
