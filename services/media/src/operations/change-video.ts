import { events } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import { type SelectQueryBuilder, sql } from 'kysely'
import type { Context } from '../context.ts'
import type { MediaDb, Tx, VideoRow } from '../db/schema.ts'
import { secondsLeft } from '../domain/eta.ts'
import { progressOf } from '../domain/video-facts.ts'
import { deriveState, type VideoState } from '../domain/video-state.ts'
import { videoEvents } from '../domain/webhooks.ts'
import { outlookOf } from '../repositories/eta-inputs.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import { enqueue, taskFacts } from '../repositories/tasks.ts'
import { transact } from './transact.ts'
import { tellOfVideo } from './webhook-deliveries.ts'

export interface Changed<T> {
  result: T
  /** As it is after the change. */
  video: VideoRow
}

const PROGRESS_EVERY_MS = 1000

/**
 * Every change of a video or of its tasks: one transaction that locks the video's row first, changes, derives the
 * video's state from its tasks, and says what is new. The order of locks is always playlists, video, tasks. Null when
 * there is no such video (any more). What `change` throws undoes everything.
 */
export async function changeVideo<T>(
  ctx: Context,
  videoId: string,
  change: (tx: Tx, video: VideoRow) => Promise<T>,
  first: (tx: Tx, videoId: string) => Promise<void> = async () => {},
): Promise<Changed<T> | null> {
  return await transact(
    ctx,
    async (tx) => {
      await first(tx, videoId)
      const video = await lock(tx, videoId).executeTakeFirst()
      if (!video) return null
      const result = await change(tx, video)
      return { result, video: await settle(tx, video) }
    },
    { evict: (changed) => changed?.video.owner_id, wake: (changed) => loopFor(changed?.video) },
  )
}

/**
 * The same for what playlists name beside segments. Whoever writes them right now ends first: he may have read what was
 * before, and would say afterwards that all is written.
 */
export async function changePresented<T>(
  ctx: Context,
  videoId: string,
  change: (tx: Tx, video: VideoRow) => Promise<T>,
): Promise<Changed<T> | null> {
  return await changeVideo(ctx, videoId, change, lockPlaylists)
}

/** The same for who has a transaction already, and announces it himself; null when the video is gone. */
export async function settleLocked(tx: Tx, videoId: string, change: () => Promise<void>): Promise<VideoRow | null> {
  const video = await lock(tx, videoId).executeTakeFirst()
  if (!video) return null
  await change()
  return await settle(tx, video)
}

/** Tells the world of progress, at most once a second per video; when somebody else is at the video, not now. */
export async function sayProgress(ctx: Context, videoId: string): Promise<void> {
  await transact(
    ctx,
    async (tx) => {
      const due = await lock(tx, videoId)
        .where('progress_said_at', '<=', sql<Date>`now() - make_interval(secs => ${PROGRESS_EVERY_MS / 1000})`)
        .skipLocked()
        .executeTakeFirst()
      return due && (await settle(tx, due))
    },
    { evict: (video) => video?.owner_id, wake: loopFor },
  )
}

/** `no key`: rows that refer to the video (tasks, tokens) may be added meanwhile. */
function lock(tx: Tx, videoId: string): SelectQueryBuilder<MediaDb, 'videos', VideoRow> {
  return tx.selectFrom('videos').selectAll().where('id', '=', videoId).forNoKeyUpdate()
}

/** Derives and stores the state of a locked video; `before` is the row as it was when it was locked. */
async function settle(tx: Tx, before: VideoRow): Promise<VideoRow> {
  const facts = await taskFacts(tx, before.id)
  const row = await tx.selectFrom('videos').selectAll().where('id', '=', before.id).executeTakeFirstOrThrow()
  const publication = { materialPublished: row.material_published, republish: row.republish }
  const state = deriveState(row.upload_id !== null, publication, facts)
  await enqueue(tx, state.due)
  const next = { ...state, percent: Math.max(state.percent, row.percent) }
  const news = newsOf(before, row, next)
  if (news === 'none' && row.material === next.material) return row
  const said = news === 'none' ? null : { finishEstimate: await estimateFinish(tx, row, next) }
  const settled = await store(tx, row, next, said)
  if (news !== 'none') await sayChanged(tx, settled)
  await tellOfVideo(tx, videoEvents(before, settled), settled)
  return settled
}

type News = 'none' | 'progress' | 'state'

function newsOf(before: VideoRow, row: VideoRow, next: VideoState): News {
  const isNew =
    before.status !== next.status ||
    before.playable !== next.playable ||
    before.stage !== next.stage ||
    before.visibility !== row.visibility ||
    filesBeside(before) !== filesBeside(row) ||
    before.error?.code !== next.error?.code
  if (isNew) return 'state'
  const due = Date.now() - row.progress_said_at.getTime() >= PROGRESS_EVERY_MS
  return due && next.percent !== row.percent ? 'progress' : 'none'
}

/** Names whatever is played along with a video; who was told of it must hear when it is something else. */
function filesBeside({ poster_key, storyboard, captions, chapters }: VideoRow): string {
  return JSON.stringify([poster_key, storyboard?.folderKey, captions.map(({ id }) => id), chapters?.id])
}

/** Null while it is not known what there is to do, and when there is nothing. */
async function estimateFinish(tx: Tx, { id, plan }: VideoRow, { status }: VideoState): Promise<Date | null> {
  if (plan === null || status === 'ready' || status === 'failed') return null
  const seconds = secondsLeft(await outlookOf(tx, id))
  return seconds === null ? null : new Date(Date.now() + seconds * 1000)
}

/** `said`: what else changes when the world is told of it. */
async function store(
  tx: Tx,
  row: VideoRow,
  state: VideoState,
  said: { finishEstimate: Date | null } | null,
): Promise<VideoRow> {
  const readyNow = state.status === 'ready' && row.ready_at === null
  return await tx
    .updateTable('videos')
    .set((eb) => ({
      sequence: sql<number>`sequence + 1`,
      status: state.status,
      playable: state.playable,
      stage: state.stage,
      percent: said ? state.percent : eb.ref('percent'),
      error: state.error && JSON.stringify(state.error),
      material: state.material,
      updated_at: sql<Date>`now()`,
      ...(said && { progress_said_at: sql<Date>`now()`, finish_estimate: said.finishEstimate }),
      ...(readyNow && { ready_at: sql<Date>`now()` }),
    }))
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

async function sayChanged(tx: Tx, row: VideoRow): Promise<void> {
  const { id, owner_id, status, playable, visibility, error } = row
  await addEvent(
    tx,
    events['video.changed'],
    { aggregateId: id, sequence: Number(row.sequence) },
    {
      videoId: id,
      ownerId: owner_id,
      status,
      playable,
      visibility,
      progress: progressOf(row),
      error,
    },
  )
}

function loopFor(video: VideoRow | undefined): 'playlists' | undefined {
  return video && (video.material_published < video.material || video.republish) ? 'playlists' : undefined
}
