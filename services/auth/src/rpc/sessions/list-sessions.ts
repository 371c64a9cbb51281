import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { toSession } from '../../domain/to-session.ts'
import { pageByCreation, placeAfter } from '../creation-order.ts'
import { signedIn } from '../signed-in.ts'

export function listSessions({ sessions, now }: Context): Handler<typeof auth.listSessions> {
  return signedIn<typeof auth.listSessions>(async ({ limit, cursor }, { userId, sessionId }) => {
    const rows = await sessions.live(userId, now(), { limit: limit + 1, after: placeAfter(cursor) })
    return pageByCreation(rows, limit, (row) => toSession(row, sessionId))
  })
}
