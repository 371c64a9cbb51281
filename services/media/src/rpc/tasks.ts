import { administratorOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { media, Task } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { listTasks as findTasks, type ListedTask, type TaskPosition } from '../repositories/task-list.ts'

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
