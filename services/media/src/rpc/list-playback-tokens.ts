import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { cursorAt, positionAt } from '../domain/cursor.ts'
import { tokensOfOwner } from '../repositories/playback-tokens.ts'

const SORT = '-createdAt'

export function listPlaybackTokens({ db }: Context): Handler<typeof media.listPlaybackTokens> {
  return async ({ limit, cursor }, { actor }) => {
    const position = cursor === undefined ? null : positionAt(cursor, SORT)
    const after = position && { createdAt: position.value, id: position.id }
    const rows = await tokensOfOwner(db, userOf(actor), { limit: limit + 1, after })
    const items = rows.slice(0, limit).map((row) => ({
      id: row.id,
      videoId: row.video_id,
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      revokedAt: row.revoked_at?.toISOString() ?? null,
    }))
    const last = rows.length > limit ? items.at(-1) : undefined
    return { items, nextCursor: last ? cursorAt({ value: last.createdAt, id: last.id }, SORT) : null }
  }
}
