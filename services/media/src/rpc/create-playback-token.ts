import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { VideoPlan } from '../domain/plan.ts'
import { assertOwner } from '../domain/visibility.ts'
import { insertToken } from '../repositories/playback-tokens.ts'
import { playbackUrls } from './playback-urls.ts'

export function createPlaybackToken(ctx: Context): Handler<typeof media.createPlaybackToken> {
  return async ({ videoId, expiresIn, maxHeight, download }, { actor }) => {
    const row = await ctx.readVideo(videoId)
    if (!row) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, row)
    if (!row.playable || !row.plan) throw new AppError('PLAYBACK_NOT_READY')
    if (maxHeight !== undefined) assertPlaysWithin(maxHeight, row.plan)
    const id = randomUUID()
    const exp = Math.floor(Date.now() / 1000) + expiresIn
    const expiresAt = new Date(exp * 1000)
    if (!(await insertToken(ctx.db, { id, videoId, expiresAt }))) throw new AppError('VIDEO_NOT_FOUND')
    const limits = { ...(maxHeight !== undefined && { maxHeight }), ...(download && { download }) }
    const token = ctx.signer.sign({ video: videoId, jti: id, exp, ...limits })
    return { id, token, ...playbackUrls(ctx, row, token), expiresAt: expiresAt.toISOString() }
  }
}

/** A link that leaves no rendition would never play. Heights are short sides, as in the names of renditions. */
function assertPlaysWithin(maxHeight: number, { rungs }: VideoPlan): void {
  const smallest = Math.min(...rungs.map(({ width, height }) => Math.min(width, height)))
  if (maxHeight >= smallest) return
  const message = `The smallest picture of this video has a height of ${smallest}`
  throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'maxHeight', message }] })
}
