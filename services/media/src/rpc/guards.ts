import { administratorOnly, assertInTime, type Call, type Handler, type Method } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { assertOwner, maySee, userOf } from '../domain/visibility.ts'
import { type Change, type Changed, changeVideo } from '../operations/change-video.ts'

/** A handler that gets beside its input what its guard has found. */
type HandlerWith<Found, M extends Method> = (
  input: z.output<M['input']>,
  found: Found,
  call: Call,
) => Promise<z.input<M['output']>>

/** For methods of signed-in users; the handler gets the user's id. */
export function byUser<M extends Method>(handle: HandlerWith<string, M>): Handler<M> {
  return async (input, call) => await handle(input, userOf(call.actor), call)
}

/** For methods of administrators and of the operator's command line. */
export function byAdmin<M extends Method>(handle: Handler<M>): Handler<M> {
  return async (input, call) => {
    administratorOnly(call.actor)
    return await handle(input, call)
  }
}

/** A method about one video. */
type VideoMethod = Method & { input: z.ZodType<{ videoId: string }> }

/** For methods that read a video of the caller. Throws `VIDEO_NOT_FOUND`, or `FORBIDDEN` where others may see it. */
export function byOwner<M extends VideoMethod>(
  { readVideo }: Pick<Context, 'readVideo'>,
  handle: HandlerWith<VideoRow, M>,
): Handler<M> {
  return async (input, call) => {
    const video = await readVideo(input.videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(call.actor, video)
    return await handle(input, video, call)
  }
}

/** For methods that read a video which the caller may see. A hidden video looks exactly like a missing one. */
export function byViewer<M extends VideoMethod>(
  { readVideo }: Pick<Context, 'readVideo'>,
  handle: HandlerWith<VideoRow, M>,
): Handler<M> {
  return async (input, call) => {
    const video = await readVideo(input.videoId)
    if (!video || !maySee(call.actor, video)) throw new AppError('VIDEO_NOT_FOUND')
    return await handle(input, video, call)
  }
}

/**
 * Changes a video of the caller, whose ownership is checked on the locked row. Throws `VIDEO_NOT_FOUND`, or `FORBIDDEN`
 * where others may see the video, `TIMEOUT` and changes nothing where the caller has stopped waiting for the lock.
 * @param via another form of `changeVideo`
 */
export async function changeOwnVideo<T>(
  ctx: Context,
  videoId: string,
  call: Pick<Call, 'actor' | 'timeoutMs'>,
  change: Change<T>,
  via: (ctx: Context, videoId: string, change: Change<T>) => Promise<Changed<T> | null> = changeVideo,
): Promise<Changed<T>> {
  const changed = await via(ctx, videoId, async (tx, video) => {
    assertOwner(call.actor, video)
    const result = await change(tx, video)
    assertInTime(call)
    return result
  })
  if (!changed) throw new AppError('VIDEO_NOT_FOUND')
  return changed
}
