import { createHash, randomUUID } from 'node:crypto'
import type { Actor, Handler, Output } from '@kinora/common/contract'
import type { media, Video, WaitingTask } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import { cursorAt, positionAt } from '../domain/pages.ts'
import { waitingFor } from '../domain/priority.ts'
import { makesRendition } from '../domain/segments.ts'
import { assertOwner, maySee, userOf } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { removeVideo } from '../operations/remove-video.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { attemptsOfVideo, unfinishedTasks } from '../repositories/task-attempts.ts'
import { failedTasks, reviveTasks } from '../repositories/tasks.ts'
import { findVideo, listVideos as findVideos, insertVideo, positionOf, updateText } from '../repositories/videos.ts'
import { asVideo } from './video-view.ts'

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

export function createVideo(ctx: Context): Handler<typeof media.createVideo> {
  return async (input, { actor }) => {
    const ownerId = userOf(actor)
    const row = await transact(
      ctx,
      async (tx) => {
        // The access token may be a second older than the account's end.
        if (await isErased(tx, ownerId)) throw new AppError('ACCOUNT_ERASED')
        return await insertVideo(tx, { id: randomUUID(), ownerId, ...input })
      },
      { evict: () => ownerId },
    )
    return asVideo(ctx, row, actor)
  }
}

export function listVideos(ctx: Context): Handler<typeof media.listVideos> {
  return async (input, { actor }) => {
    const ownerId = userOf(actor)
    const { limit, cursor, sort, ...filter } = input
    const after = cursor === undefined ? null : positionAt(cursor, sort)

    async function load(): Promise<Output<typeof media.listVideos>> {
      // One more than asked for tells whether there is a next page.
      const rows = await findVideos(ctx.db, ownerId, filter, { sort, limit: limit + 1, after })
      const page = rows.slice(0, limit)
      const last = rows.length > limit ? page.at(-1) : undefined
      return {
        items: page.map((row) => asVideo(ctx, row, actor)),
        nextCursor: last ? cursorAt(positionOf(last, sort), sort) : null,
      }
    }

    return await ctx.cache.read(ownerId, `list:${ownerId}:${digest(input)}`, load)
  }
}

function digest(input: object): string {
  return createHash('sha256').update(JSON.stringify(input)).digest('base64url')
}

export function updateVideo(ctx: Context): Handler<typeof media.updateVideo> {
  return async ({ videoId, ...change }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      await updateText(tx, videoId, change)
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return asVideo(ctx, changed.video, actor)
  }
}

export function deleteVideo(ctx: Context): Handler<typeof media.deleteVideo> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(ctx.db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    const removed = await transact(ctx, (tx) => removeVideo(tx, videoId, 'remove'), { evict: (row) => row?.owner_id })
    if (!removed) throw new AppError('VIDEO_NOT_FOUND')
    return {}
  }
}

/** What is done stays done; the rest begins anew, with all its tries. */
export function retryVideo(ctx: Context): Handler<typeof media.retryVideo> {
  return async ({ videoId, rendition }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      const failed = await failuresOf(tx, video, rendition)
      if (failed.length === 0) throw new AppError('NOTHING_TO_RETRY')
      await reviveTasks(tx, videoId, failed)
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return asVideo(ctx, changed.video, actor)
  }
}

/** Ids of all tasks that have failed, or of those that were to make this rendition. */
async function failuresOf(tx: Tx, { id, plan }: VideoRow, rendition: string | undefined): Promise<string[]> {
  if (rendition !== undefined && !plan?.rungs.some(({ name }) => name === rendition)) {
    throw new AppError('RENDITION_NOT_FOUND')
  }
  const failed = await failedTasks(tx, id)
  const wanted = failed.filter(({ params }) => rendition === undefined || makesRendition(params, rendition))
  return wanted.map((task) => task.id)
}

export function findPassport({ db }: Context): Handler<typeof media.findPassport> {
  return async ({ videoId }, { actor }) => {
    const video = await findVideo(db, videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    const { passport_key: storageKey, passport_sha256: sha256 } = video
    if (storageKey === null || sha256 === null) throw new AppError('PASSPORT_NOT_READY')
    return { storageKey, sha256 }
  }
}

export function getTimeline(ctx: Context): Handler<typeof media.getTimeline> {
  return async ({ videoId }, { actor }) => {
    const video = await ctx.readVideo(videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, video)
    const rows = await attemptsOfVideo(ctx.db, videoId)
    const items = rows.map((row) => ({
      taskId: row.id,
      kind: row.kind,
      label: row.label,
      attempt: row.attempt,
      state: row.state,
      worker: row.worker,
      queuedAt: row.queued_at.toISOString(),
      startedAt: row.started_at?.toISOString() ?? null,
      endedAt: row.ended_at?.toISOString() ?? null,
      cause: row.cause && { code: row.cause.code, detail: row.cause.detail },
      hasLog: row.has_log,
    }))
    // Bounded by the tasks of one video and their few tries: one page holds it all.
    return { items, nextCursor: null, waiting: await waitingTasks(ctx, videoId) }
  }
}

async function waitingTasks(ctx: Context, videoId: string): Promise<WaitingTask[]> {
  const rows = await unfinishedTasks(ctx.db, videoId)
  const tasksDone = rows.every(({ kind }) => kind !== 'audio' && kind !== 'video')
  return rows.flatMap(({ id, kind, label, state, held, not_before: notBefore }) => {
    if (state === 'running') return []
    const waits = waitingFor({ kind, state, held, notBefore }, tasksDone)
    return [{ taskId: id, kind, label, ...waits, until: notBefore?.toISOString() ?? null }]
  })
}
