import type { Actor, Handler } from '@kinora/common/contract'
import type { media, Video } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { maySee } from '../domain/visibility.ts'
import { asVideo } from './as-video.ts'

export function getVideo(ctx: Context): Handler<typeof media.getVideo> {
  return async ({ videoId }, { actor }) => {
    if (actor.kind !== 'user') return await load(ctx, videoId, actor)
    const { userId } = actor
    const isOwn = (video: Video) => video.ownerId === userId
    return await ctx.cache.read(userId, `video:${userId}:${videoId}`, () => load(ctx, videoId, actor), isOwn)
  }
}

async function load(ctx: Context, videoId: string, actor: Actor): Promise<Video> {
  const row = await ctx.readVideo(videoId)
  // A hidden video looks exactly like a missing one.
  if (!row || !maySee(actor, row)) throw new AppError('VIDEO_NOT_FOUND')
  return asVideo(ctx, row, actor)
}
