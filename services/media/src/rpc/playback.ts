import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import { events, Id, type media, type PlaybackGrant } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import type { VideoPlan } from '../db/stored.ts'
import { cursorAt, positionAt } from '../domain/pages.ts'
import { downloadTask } from '../domain/plan.ts'
import { LINK_ENDED } from '../domain/playback-token.ts'
import { captionsFile, chaptersKey } from '../domain/timed-text.ts'
import { assertOwner, userOf } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { transact } from '../operations/transact.ts'
import {
  addTaskOnce,
  findTaskAt,
  insertToken,
  isTokenLive,
  revokeToken,
  tokensOfOwner,
} from '../repositories/playback-tokens.ts'
import { findVideo } from '../repositories/videos.ts'
import { playbackUrls } from './video-view.ts'

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

/** The first request for a rendition has its file made; all others, at the same time or later, find that task. */
export function prepareDownload(ctx: Context): Handler<typeof media.prepareDownload> {
  const authorize = authorizePlayback(ctx)
  return async ({ reference, height }, call) => {
    const { videoId, download, maxHeight } = await authorize({ reference }, call)
    if (!download) throw new AppError('DOWNLOAD_DENIED')
    if (maxHeight !== null && height > maxHeight) {
      throw new AppError('PLAYBACK_DENIED', { detail: 'This link is for smaller pictures only' })
    }
    const video = await findVideo(ctx.db, videoId)
    if (!video?.plan) throw new AppError('VIDEO_NOT_FOUND')
    if (video.status !== 'ready') throw new AppError('VIDEO_NOT_READY')
    const rung = video.plan.rungs.find(({ name }) => name === `${height}p`)
    if (!rung) throw new AppError('FILE_NOT_FOUND', { detail: 'This video has no picture of that size' })

    const planned = downloadTask(video.plan, rung, keys.videoFolder(videoId))
    const task = await findTaskAt(ctx.db, videoId, planned.ordinal)
    if (task?.state === 'done') {
      return { status: 'ready', storageKey: keys.download(videoId, task.id, task.attempt), title: video.title }
    }
    if (task?.state === 'failed') throw new AppError('DOWNLOAD_FAILED')
    if (!task) {
      await transact(ctx, (tx) => addTaskOnce(tx, videoId, planned))
    }
    return { status: 'preparing' }
  }
}

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

export function revokePlaybackToken(ctx: Context): Handler<typeof media.revokePlaybackToken> {
  return async ({ videoId, tokenId }, { actor }) => {
    const changed = await changeVideo(ctx, videoId, async (tx, video) => {
      assertOwner(actor, video)
      const revoked = await revokeToken(tx, videoId, tokenId)
      if (!revoked) throw new AppError('PLAYBACK_TOKEN_NOT_FOUND')
      await sql`update videos set sequence = sequence + 1 where id = ${videoId}`.execute(tx)
      const about = { aggregateId: videoId, sequence: Number(video.sequence) + 1 }
      const expiresAt = revoked.expiresAt.toISOString()
      await addEvent(tx, events['playback.revoked'], about, { videoId, tokenId, expiresAt })
    })
    if (!changed) throw new AppError('VIDEO_NOT_FOUND')
    return {}
  }
}

const SORT = '-createdAt'

export function listPlaybackTokens({ db }: Context): Handler<typeof media.listPlaybackTokens> {
  return async ({ limit, cursor }, { actor }) => {
    const position = cursor === undefined ? null : positionAt(cursor, SORT)
    const after = position && { createdAt: position.value, id: position.id }
    const rows = await tokensOfOwner(db, userOf(actor), { limit: limit + 1, after })
    const items = rows.slice(0, limit).map((row) => ({
      id: row.id,
      videoId: row.video_id,
      createdAt: row.created_at.toISOString(),
      expiresAt: row.expires_at.toISOString(),
      revokedAt: row.revoked_at?.toISOString() ?? null,
    }))
    const last = rows.length > limit ? items.at(-1) : undefined
    return { items, nextCursor: last ? cursorAt({ value: last.createdAt, id: last.id }, SORT) : null }
  }
}
