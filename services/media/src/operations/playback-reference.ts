import { Id } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { readKeyToken, verifyKeyToken } from '@kinora/common/playback-key-token'
import { linkEnded, type PlaybackClaims } from '@kinora/common/playback-token'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { findPlaybackKey } from '../repositories/playback-keys.ts'
import { isTokenLive } from '../repositories/playback-tokens.ts'

export interface Referred {
  video: VideoRow
  /** Null for a public or unlisted video by its id. */
  claims: PlaybackClaims | null
}

/**
 * The video that a playback reference opens, and what the reference says by itself: an id, the token of a link, or a token
 * that a playback key of the video's project has signed. Throws `VIDEO_NOT_FOUND`, `PLAYBACK_DENIED`.
 */
export async function videoByReference(ctx: Context, reference: string): Promise<Referred> {
  if (Id.safeParse(reference).success) {
    const video = await ctx.readVideo(reference)
    if (!video || video.visibility === 'private') throw new AppError('VIDEO_NOT_FOUND')
    return { video, claims: null }
  }
  const { projectId, ...claims } = await readToken(ctx, reference)
  const video = await ctx.readVideo(claims.video)
  // To the holder of another project's key a video does not exist.
  if (!video || (projectId !== null && projectId !== video.project_id)) throw new AppError('VIDEO_NOT_FOUND')
  if (claims.jti !== undefined && !(await isTokenLive(ctx.db, video.id, claims.jti))) throw linkEnded()
  return { video, claims }
}

/** The claims of a token; of one of a playback key also the project of the key. */
async function readToken(ctx: Context, token: string): Promise<PlaybackClaims & { projectId: string | null }> {
  const signed = readKeyToken(token)
  if (!signed) return { ...ctx.signer.verify(token), projectId: null }
  const key = await findPlaybackKey(ctx.db, signed.keyId)
  if (!key) throw linkEnded()
  const { algorithm, public_key: publicKey, project_id: projectId } = key
  return { ...verifyKeyToken(signed, { algorithm, publicKey }, ctx.now()), projectId }
}
