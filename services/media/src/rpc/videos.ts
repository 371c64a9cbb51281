import { createHash, randomUUID } from 'node:crypto'
import type { Actor, Handler, Output } from '@kinora/common/contract'
import type { media, TimelineEntry, Video, WaitingTask } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { defaultProjectOf } from '@kinora/common/project-access'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import { decodeSortCursor, encodeSortCursor } from '../domain/pages.ts'
import { readsSource } from '../domain/plan.ts'
import { waitingFor } from '../domain/priority.ts'
import { makesRendition } from '../domain/segments.ts'
import { maySee, userOf } from '../domain/visibility.ts'
import { SearchLane } from '../infra/search-lane.ts'
import { assertMayAddVideo } from '../operations/limits.ts'
import { assertSourceStored } from '../operations/remove-source.ts'
import { removeVideo } from '../operations/remove-video.ts'
import { revokeDelivery, wasPublished } from '../operations/revoke-delivery.ts'
import { transact } from '../operations/transact.ts'
import { setAudioTrackStatus } from '../repositories/audio-tracks.ts'
import { isErased } from '../repositories/erased-projects.ts'
import { sourceRetention } from '../repositories/project-limits.ts'
import { attemptsOfVideo, unfinishedTasks } from '../repositories/task-attempts.ts'
import { failedTasks, reviveTasks } from '../repositories/tasks.ts'
import {
  findVideo,
  listVideos as findVideos,
  insertVideo,
  type NewVideo,
  sortCursorOf,
  updateText,
} from '../repositories/videos.ts'
import { byEditor, byMember, changeOwnVideo, inProject } from './guards.ts'
import { toVideo } from './video-view.ts'

export function getVideo(ctx: Context): Handler<typeof media.getVideo> {
  return async ({ videoId }, { actor }) => {
    if (actor.kind !== 'user') return await load(ctx, videoId, actor)
    // Of videos in other projects of the caller it is not known to which one they belong before the row is read.
    const projectId = defaultProjectOf(actor)
    const isOwn = (video: Video) => video.projectId === projectId
    return await ctx.cache.read(projectId, `video:${projectId}:${videoId}`, () => load(ctx, videoId, actor), isOwn)
  }
}

async function load(ctx: Context, videoId: string, actor: Actor): Promise<Video> {
  const row = await ctx.readVideo(videoId)
  // A hidden video looks exactly like a missing one.
  if (!row || !maySee(actor, row)) throw new AppError('VIDEO_NOT_FOUND')
  return toVideo(ctx, row, actor)
}

export function createVideo(ctx: Context): Handler<typeof media.createVideo> {
  return inProject<typeof media.createVideo>('edit', async (input, projectId, call) => {
    const ownerId = userOf(call.actor)
    assertFuture(ctx, input)
    const row = await transact(
      ctx,
      async (tx) => {
        // The access token may be older than the deletion of the account.
        if (await isErased(tx, projectId)) throw new AppError('ACCOUNT_ERASED')
        await assertMayAddVideo(ctx, tx, projectId)
        const kept = await sourceRetention(tx, ctx.config, projectId)
        return await insertVideo(tx, { ...input, id: randomUUID(), ownerId, projectId, ...kept })
      },
      { call, evict: () => projectId },
    )
    return toVideo(ctx, row, call.actor)
  })
}

type Expiries = Pick<NewVideo, 'expiresAt' | 'sourceExpiresAt'>

function assertFuture({ now }: Context, { expiresAt, sourceExpiresAt }: Expiries): void {
  const fields = Object.entries({ expiresAt, sourceExpiresAt })
    .filter(([, time]) => time && Date.parse(time) <= now().getTime())
    .map(([path]) => ({ path, message: 'must be in the future' }))
  if (fields.length > 0) throw new AppError('VALIDATION_FAILED', { fields })
}

export function listVideos(ctx: Context): Handler<typeof media.listVideos> {
  const searches = new SearchLane()
  return inProject<typeof media.listVideos>('read', async (input, projectId, call) => {
    const { limit, cursor, sort, projectId: _, ...filter } = input
    const after = decodeSortCursor(cursor, sort)
    // Without a filter, or by the external id, an index finds the page at once.
    const isSearch = filter.externalId === undefined && Object.values(filter).some((value) => value !== undefined)

    async function load(): Promise<Output<typeof media.listVideos>> {
      const rows = await findVideos(ctx.db, projectId, filter, { sort, limit: limit + 1, after })
      const cursorAt = (last: VideoRow) => encodeSortCursor(sortCursorOf(last, sort), sort)
      return pageOf(rows, limit, (row) => toVideo(ctx, row, call.actor), cursorAt)
    }

    return await ctx.cache.read(projectId, `list:${projectId}:${digest(input)}`, () =>
      isSearch ? searches.run(projectId, call, load) : load(),
    )
  })
}

function digest(input: object): string {
  return createHash('sha256').update(JSON.stringify(input)).digest('base64url')
}

export function updateVideo(ctx: Context): Handler<typeof media.updateVideo> {
  return async ({ videoId, ifRevision, ...change }, call) => {
    const { video } = await changeOwnVideo(ctx, videoId, call, async (tx, before) => {
      assertFuture(ctx, change)
      if (!(await updateText(tx, videoId, change, ifRevision))) throw new AppError('VIDEO_CHANGED')
      const isHidden = change.visibility === 'private' && before.visibility !== 'private'
      if (isHidden && wasPublished(before)) await revokeDelivery(tx, before, ctx.now())
    })
    return toVideo(ctx, video, call.actor)
  }
}

export function deleteVideo(ctx: Context): Handler<typeof media.deleteVideo> {
  return byEditor<typeof media.deleteVideo>(ctx, async ({ videoId, ifRevision }, { project_id: projectId }, call) => {
    const around = { call, evict: () => projectId }
    const remove = async (tx: Tx) => {
      const removed = await removeVideo(ctx, tx, videoId, 'remove', { ifRevision })
      if (!removed) throw new AppError((await findVideo(tx, videoId)) ? 'VIDEO_CHANGED' : 'VIDEO_NOT_FOUND')
    }
    await transact(ctx, remove, around)
    return {}
  })
}

/** Finished tasks stay as they are; all others start again with all their attempts. */
export function retryVideo(ctx: Context): Handler<typeof media.retryVideo> {
  return async ({ videoId, rendition }, call) => {
    const retry = (tx: Tx, before: VideoRow) => retryTasks(tx, before, rendition)
    const { video } = await changeOwnVideo(ctx, videoId, call, retry)
    return toVideo(ctx, video, call.actor)
  }
}

/** Queues the failed tasks of a video, or of one rendition, again. Throws `NOTHING_TO_RETRY`, `RENDITION_NOT_FOUND`. */
export async function retryTasks(tx: Tx, before: VideoRow, rendition?: string): Promise<void> {
  const failed = await failuresOf(tx, before, rendition)
  if (failed.length === 0) throw new AppError('NOTHING_TO_RETRY')
  if (before.source_removed_at && failed.some(({ params }) => readsSource(params))) throw new AppError('SOURCE_REMOVED')
  const ids = failed.map(({ id }) => id)
  await reviveTasks(tx, before.id, ids)
  const left = before.audio_tracks.filter(({ status }) => status === 'failed').map(({ id }) => id)
  if (rendition === undefined) await setAudioTrackStatus(tx, before.id, left, 'processing')
}

/** All failed tasks, or those that make segments of this rendition. */
async function failuresOf(tx: Tx, { id, plan }: VideoRow, rendition: string | undefined) {
  if (rendition !== undefined && !plan?.rungs.some(({ name }) => name === rendition)) {
    throw new AppError('RENDITION_NOT_FOUND')
  }
  const failed = await failedTasks(tx, id)
  return failed.filter(({ params }) => rendition === undefined || makesRendition(params, rendition))
}

export function findPassport(ctx: Context): Handler<typeof media.findPassport> {
  return byMember<typeof media.findPassport>(ctx, async (_input, video) => {
    const { passport_key: storageKey, passport_sha256: sha256 } = video
    if (storageKey === null || sha256 === null) throw new AppError('PASSPORT_NOT_READY')
    return { storageKey, sha256 }
  })
}

export function findSource(ctx: Context): Handler<typeof media.findSource> {
  return byEditor<typeof media.findSource>(ctx, async (_input, video) => {
    const { source_key: storageKey, source_sha256: sha256, source_filename: filename, title } = video
    assertSourceStored(video)
    if (storageKey === null || sha256 === null) throw new AppError('SOURCE_NOT_FOUND')
    return { storageKey, sha256, filename, title }
  })
}

export function getTimeline(ctx: Context): Handler<typeof media.getTimeline> {
  return byMember<typeof media.getTimeline>(ctx, async ({ videoId }, { warnings, source_events: source }) => {
    const items = await timelineOf(ctx, videoId)
    // Limited by the tasks of one video and their few attempts: one page has them all.
    return { items, nextCursor: null, waiting: await waitingTasks(ctx, videoId), warnings, source }
  })
}

/** The attempts at the tasks of a video. */
export async function timelineOf({ db }: Pick<Context, 'db'>, videoId: string): Promise<TimelineEntry[]> {
  const rows = await attemptsOfVideo(db, videoId)
  return rows.map((row) => ({
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
