import {
  administratorOnly,
  assertInTime,
  type Call,
  type Handler,
  type Method,
  supportOnly,
} from '@kinora/common/contract'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import { assertMay, defaultProjectOf, type ProjectAction } from '@kinora/common/project-access'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { hasEnded } from '../domain/upload-links.ts'
import { assertMayWith, maySee, uploaderOf, userOf } from '../domain/visibility.ts'
import { type Change, type Changed, changeVideo } from '../operations/change-video.ts'
import { findLink } from '../repositories/upload-links.ts'

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

/**
 * For methods by which bytes arrive: of users, and of visitors with an upload link, whose row is read each time. The handler gets
 * the id of the account and checks the role. Once a link has ended, its uploads do not exist: throws `hidden`.
 */
export function byUploader<M extends Method>(
  { db, now }: Pick<Context, 'db' | 'now'>,
  handle: HandlerWith<string, M>,
  hidden: ErrorCode = 'UPLOAD_NOT_FOUND',
): Handler<M> {
  return async (input, call) => {
    const { actor } = call
    if (actor.kind === 'upload-link') {
      const link = await findLink(db, actor.linkId)
      if (!link || hasEnded(link, now())) throw new AppError(hidden)
    }
    return await handle(input, uploaderOf(actor), call)
  }
}

/** A method about what a project has; `projectId` in its input, else that of the API key, else the personal one. */
type ProjectMethod = Method & { input: z.ZodType<{ projectId?: string | undefined }> }

/** For methods in a project; the handler gets the id of the project. Throws `PROJECT_NOT_FOUND`, `FORBIDDEN`. */
export function inProject<M extends ProjectMethod>(action: ProjectAction, handle: HandlerWith<string, M>): Handler<M> {
  return async (input, call) => {
    const projectId = input.projectId ?? defaultProjectOf(call.actor)
    assertMay(call.actor, projectId, action, 'PROJECT_NOT_FOUND')
    return await handle(input, projectId, call)
  }
}

/** For methods of administrators and of the operator's command line. */
export function byAdmin<M extends Method>(handle: Handler<M>): Handler<M> {
  return async (input, call) => {
    administratorOnly(call.actor)
    return await handle(input, call)
  }
}

/** The same for methods that the role `support` may use as well. */
export function bySupport<M extends Method>(handle: Handler<M>): Handler<M> {
  return async (input, call) => {
    supportOnly(call.actor)
    return await handle(input, call)
  }
}

/** A method about one video. */
type VideoMethod = Method & { input: z.ZodType<{ videoId: string }> }

/** For methods that change, share or use a video, by those who may edit in its project. Throws as `byMember` does. */
export function byEditor<M extends VideoMethod>(
  ctx: Pick<Context, 'readVideo'>,
  handle: HandlerWith<VideoRow, M>,
): Handler<M> {
  return byMember(ctx, handle, 'edit')
}

/**
 * For methods that show members of its project what others do not see of a video. Throws `VIDEO_NOT_FOUND`, or `FORBIDDEN`
 * where others may see it, or where the member's role is too low.
 */
export function byMember<M extends VideoMethod>(
  { readVideo }: Pick<Context, 'readVideo'>,
  handle: HandlerWith<VideoRow, M>,
  action: ProjectAction = 'read',
): Handler<M> {
  return async (input, call) => {
    const video = await readVideo(input.videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertMayWith(video, call.actor, action)
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
 * Changes a video in whose project the caller may edit, which is checked on the locked row. Throws `VIDEO_NOT_FOUND`, or
 * `FORBIDDEN` where others may see the video or the role is too low, `TIMEOUT` and changes nothing where the caller has stopped waiting for the lock.
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
    assertMayWith(video, call.actor, 'edit')
    const result = await change(tx, video)
    assertInTime(call)
    return result
  })
  if (!changed) throw new AppError('VIDEO_NOT_FOUND')
  return changed
}
