import type { Handler } from '@kinora/common/contract'
import type { auth, Session } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import type { SessionRow } from '../../db/schema.ts'
import { signedIn } from '../signed-in.ts'

const Place = z.tuple([z.iso.datetime(), z.uuid()])

export function listSessions({ sessions, now }: Context): Handler<typeof auth.listSessions> {
  return signedIn<typeof auth.listSessions>(async ({ limit, cursor }, { userId, sessionId }) => {
    const after = cursor === undefined ? undefined : placeFrom(cursor)
    const rows = await sessions.live(userId, now(), { limit: limit + 1, after })
    const items = rows.slice(0, limit)
    const last = rows.length > limit ? items.at(-1) : undefined
    return {
      items: items.map((row) => toSession(row, sessionId)),
      nextCursor: last ? encodeCursor([last.created_at.toISOString(), last.id]) : null,
    }
  })
}

function placeFrom(cursor: string): { createdAt: Date; id: string } {
  const [createdAt, id] = decodeCursor(cursor, Place)
  return { createdAt: new Date(createdAt), id }
}

function toSession(row: SessionRow, currentId: string): Session {
  return {
    id: row.id,
    userAgent: row.user_agent,
    ip: row.ip,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    current: row.id === currentId,
  }
}
