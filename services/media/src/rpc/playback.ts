import type { Handler } from '@kinora/common/contract'
import { Id, type media, type PlaybackGrant } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { LINK_ENDED } from '../domain/playback-token.ts'
import { captionsFile, chaptersKey } from '../domain/timed-text.ts'
import { isTokenLive } from '../repositories/playback-tokens.ts'

/** Always from the row: a link must die with its video, its visibility and its revocation. */
export function authorizePlayback(ctx: Context): Handler<typeof media.authorizePlayback> {
  return async ({ reference }) =>
    Id.safeParse(reference).success ? await byVideoId(ctx, reference) : await byToken(ctx, reference)
}

async function byVideoId(ctx: Context, videoId: string): Promise<PlaybackGrant> {
  const row = await ctx.readVideo(videoId)
  if (!row || row.visibility === 'private') throw new AppError('VIDEO_NOT_FOUND')
  return grant(row, { tokenId: null, maxHeight: null, download: false, expiresAt: null })
}

async function byToken(ctx: Context, token: string): Promise<PlaybackGrant> {
  const { video: videoId, jti, exp, maxHeight = null, download = false } = ctx.signer.verify(token)
  const row = await ctx.readVideo(videoId)
  if (!row) throw new AppError('VIDEO_NOT_FOUND')
  if (jti !== undefined && !(await isTokenLive(ctx.db, videoId, jti))) {
    throw new AppError('PLAYBACK_DENIED', { detail: LINK_ENDED })
  }
  return grant(row, { tokenId: jti ?? null, maxHeight, download, expiresAt: new Date(exp * 1000).toISOString() })
}

function grant(
  row: VideoRow,
  limits: Pick<PlaybackGrant, 'tokenId' | 'maxHeight' | 'download' | 'expiresAt'>,
): PlaybackGrant {
  if (!row.playable) throw new AppError('PLAYBACK_NOT_READY')
  return {
    videoId: row.id,
    posterKey: row.poster_key,
    storyboard: row.storyboard,
    captions: row.captions.map(({ lang, id }) => ({ lang, key: keys.playlist(row.id, captionsFile(id)) })),
    chaptersKey: row.chapters && chaptersKey(row.id, row.chapters),
    ...limits,
  }
}
