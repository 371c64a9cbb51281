import type { Handler } from '@kinora/common/contract'
import { events, type media } from '@kinora/common/contracts'
import { sayEvent } from '@kinora/common/db'
import { AppError } from '@kinora/common/errors'
import { sql } from 'kysely'
import type { Context } from '../context.ts'
import { assertOwner } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { revokeToken } from '../repositories/playback-tokens.ts'

export function revokePlaybackToken(ctx: Context): Handler<typeof media.revokePlaybackToken> {
  return async ({ videoId, tokenId }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      const revoked = await revokeToken(tx, videoId, tokenId)
      if (!revoked) throw new AppError('PLAYBACK_TOKEN_NOT_FOUND')
      await sql`update videos set sequence = sequence + 1 where id = ${videoId}`.execute(tx)
      const about = { aggregateId: videoId, sequence: Number(video.sequence) + 1 }
      const expiresAt = revoked.expiresAt.toISOString()
      await sayEvent(tx, events['playback.revoked'], about, { videoId, tokenId, expiresAt })
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return {}
  }
}
