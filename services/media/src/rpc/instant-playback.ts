import type { Handler } from '@kinora/common/contract'
import { Id, type media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { LINK_ENDED } from '@kinora/common/playback-token'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { watchedSource } from '../domain/instant-playback.ts'
import { isTokenLive } from '../repositories/playback-tokens.ts'

/** Always reads the row, as `authorizePlayback` does, but does not need the video to be playable. */
export function authorizeSource(ctx: Context): Handler<typeof media.authorizeSource> {
  return async ({ reference }) => {
    const { video, own } = await find(ctx, reference)
    const file = watchedSource(video, own, ctx.now())
    if (!file || video.source_key === null) throw new AppError('SOURCE_NOT_PLAYABLE')
    const { contentType, blanks } = file
    return { contentType, storageKey: video.source_key, blanks: blanks ?? [] }
  }
}

async function find(ctx: Context, reference: string): Promise<{ video: VideoRow; own: boolean }> {
  const isId = Id.safeParse(reference).success
  const claims = isId ? { video: reference } : ctx.signer.verify(reference)
  const video = await ctx.readVideo(claims.video)
  if (!video || (isId && video.visibility === 'private')) throw new AppError('VIDEO_NOT_FOUND')
  if (!('exp' in claims)) return { video, own: false }
  const { jti, maxHeight, source = false } = claims
  if (jti !== undefined && !(await isTokenLive(ctx.db, video.id, jti))) {
    throw new AppError('PLAYBACK_DENIED', { detail: LINK_ENDED })
  }
  // The source may be larger.
  if (maxHeight !== undefined) throw new AppError('SOURCE_NOT_PLAYABLE')
  return { video, own: source }
}
