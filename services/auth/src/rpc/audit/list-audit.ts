import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { z } from 'zod'
import type { Context } from '../../context.ts'
import { signedIn } from '../signed-in.ts'

const Place = z.tuple([z.string().regex(/^\d{1,18}$/)])

export function listAudit({ audit }: Context): Handler<typeof auth.listAudit> {
  return signedIn<typeof auth.listAudit>(async ({ limit, cursor }, { userId }) => {
    const before = cursor === undefined ? undefined : decodeCursor(cursor, Place)[0]
    const rows = await audit.ofUser(userId, { limit: limit + 1, before })
    const items = rows.slice(0, limit)
    const last = rows.length > limit ? items.at(-1) : undefined
    return {
      items: items.map((row) => ({
        id: row.id,
        action: row.action,
        outcome: row.outcome,
        ip: row.ip,
        userAgent: row.user_agent,
        requestId: row.request_id,
        at: row.at.toISOString(),
      })),
      nextCursor: last ? encodeCursor([last.sequence]) : null,
    }
  })
}
