import { randomUUID } from 'node:crypto'
import { type Handler, serviceOnly } from '@kinora/common/contract'
import { events, type media, type PlaybackGrant } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { addEvent } from '@kinora/common/db'
import { AppError } from '@kinora/common/errors'
import { defaultProjectOf } from '@kinora/common/project-access'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { PlaybackTokenRow, Tx, VideoRow } from '../db/schema.ts'
import type { StoredAudioTrack, VideoPlan } from '../db/stored.ts'
import { downloadTask } from '../domain/downloads.ts'
import { creationCursor, decodeCreationCursor } from '../domain/pages.ts'
import { captionsFile, chaptersKey, secondsOf } from '../domain/timed-text.ts'
import { folderOf } from '../domain/video-facts.ts'
import { videoByReference } from '../operations/playback-reference.ts'
import { revokeDelivery as raiseDeliveryEpoch, wasPublished } from '../operations/revoke-delivery.ts'
import { transact } from '../operations/transact.ts'
import { revokedTokens, revokedVideos } from '../repositories/delivery-revocations.ts'
import { addTaskOnce, findTaskAt } from '../repositories/download-tasks.ts'
import { retiredPlaybackKeys } from '../repositories/playback-keys.ts'
import { countTokens, insertToken, lockTokens, revokeToken, tokensOfProject } from '../repositories/playback-tokens.ts'
import { projectDomains } from '../repositories/project-domains.ts'
import { holdVersion } from '../repositories/replacements.ts'
import { incrementSequence } from '../repositories/video-states.ts'
import { findVideo } from '../repositories/videos.ts'
import { byEditor, changeOwnVideo } from './guards.ts'
import { playbackUrls } from './video-view.ts'

/** Always reads the row: a link ends with its video, its visibility and its revocation. */
export function authorizePlayback(ctx: Context): Handler<typeof media.authorizePlayback> {
  return async ({ reference }) => {
    const { video, claims } = await videoByReference(ctx, reference)
    if (!claims) return grant(video, { tokenId: null, maxHeight: null, download: false, expiresAt: null })
    const { jti, exp, maxHeight = null, download = false } = claims
    return grant(video, { tokenId: jti ?? null, maxHeight, download, expiresAt: new Date(exp * 1000).toISOString() })
  }
}

function grant(
  row: VideoRow,
  limits: Pick<PlaybackGrant, 'tokenId' | 'maxHeight' | 'download' | 'expiresAt'>,
): PlaybackGrant {
  if (!row.playable) throw new AppError('PLAYBACK_NOT_READY')
  return {
    videoId: row.id,
    projectId: row.project_id,
    visibility: row.visibility,
    posterKey: row.poster_key,
    storyboard: row.storyboard,
    captions: row.captions.map(({ lang, id }) => ({ lang, key: keys.playlist(folderOf(row), captionsFile(id)) })),
    chaptersKey: row.chapters && chaptersKey(folderOf(row), row.chapters),
    heights: (row.plan?.rungs ?? []).map(({ width, height }) => Math.min(width, height)),
    durationSeconds: row.plan ? secondsOf(row.plan) : 0,
    deliveryEpoch: row.delivery_epoch,
    version: row.version,
    ...limits,
  }
}

/** The first request for a rendition adds the task that makes its file; all others find that task. */
export function prepareDownload(ctx: Context): Handler<typeof media.prepareDownload> {
  const authorize = authorizePlayback(ctx)
  return async ({ reference, height, audio }, call) => {
    const { videoId, download, maxHeight } = await authorize({ reference }, call)
    if (!download) throw new AppError('DOWNLOAD_DENIED')
    if (maxHeight !== null && height !== undefined && height > maxHeight) {
      throw new AppError('PLAYBACK_DENIED', { detail: 'This link is limited to smaller renditions' })
    }
    const video = await findVideo(ctx.db, videoId)
    if (!video?.plan) throw new AppError('VIDEO_NOT_FOUND')
    if (video.status !== 'ready') throw new AppError('VIDEO_NOT_READY')
    const rung = video.plan.rungs.find(({ name }) => name === `${height}p`)
    const track = audioToDownload(video, audio)
    if (height === undefined && !track) throw new AppError('FILE_NOT_FOUND', { detail: 'This video has no audio' })
    if (height !== undefined && !rung) {
      throw new AppError('FILE_NOT_FOUND', { detail: 'This video has no rendition of that height' })
    }
    const folder = folderOf(video)
    const planned = downloadTask(video.plan, rung, track, keys.videoFolder(folder))
    const task = await findTaskAt(ctx.db, videoId, planned.ordinal)
    if (task?.state === 'done') {
      return { status: 'ready', videoId, storageKey: keys.download(folder, task.id, task.attempt), title: video.title }
    }
    if (task?.state === 'failed') throw new AppError('DOWNLOAD_FAILED')
    if (!task) {
      const add = async (tx: Tx) => {
        await holdVersion(tx, video)
        await addTaskOnce(tx, videoId, planned)
      }
      await transact(ctx, add)
    }
    return { status: 'preparing', videoId }
  }
}

/** The track with this id, else the default one; undefined for a silent video. */
function audioToDownload({ audio_tracks: tracks }: VideoRow, id: string | undefined): StoredAudioTrack | undefined {
  const ready = tracks.filter(({ status, hidden }) => status === 'ready' && !hidden)
  if (id === undefined) return ready.find((track) => track.default) ?? ready[0]
  const track = ready.find((candidate) => candidate.id === id)
  if (!track) throw new AppError('FILE_NOT_FOUND', { detail: 'This video has no audio track with that id' })
  return track
}

export function createPlaybackToken(ctx: Context): Handler<typeof media.createPlaybackToken> {
  return byEditor<typeof media.createPlaybackToken>(ctx, async (input, video, call) => {
    const { videoId, expiresIn, maxHeight, download } = input
    if (!video.playable || !video.plan) throw new AppError('PLAYBACK_NOT_READY')
    if (maxHeight !== undefined) assertPlaysWithin(maxHeight, video.plan)
    const id = randomUUID()
    const exp = Math.floor(ctx.now().getTime() / 1000) + expiresIn
    const expiresAt = new Date(exp * 1000)
    const add = async (tx: Tx) => {
      await lockTokens(tx, video.project_id)
      if ((await countTokens(tx, video.project_id)) >= ctx.config.MAX_LINKS_PER_ACCOUNT) {
        throw new AppError('PLAYBACK_LINK_LIMIT_REACHED')
      }
      if (!(await insertToken(tx, { id, videoId, expiresAt }))) throw new AppError('VIDEO_NOT_FOUND')
    }
    await transact(ctx, add, { call })
    const limits = { ...(maxHeight !== undefined && { maxHeight }), ...(download && { download }) }
    const token = ctx.signer.sign({ video: videoId, jti: id, exp, ...limits })
    return { id, token, ...playbackUrls(ctx, video, token), expiresAt: expiresAt.toISOString() }
  })
}

/** A link that allows no rendition would never play. Heights are short sides, as in the names of renditions. */
function assertPlaysWithin(maxHeight: number, { rungs }: VideoPlan): void {
  const smallest = Math.min(...rungs.map(({ width, height }) => Math.min(width, height)))
  if (rungs.length === 0 || maxHeight >= smallest) return
  const message = `must be at least ${smallest}, the height of the smallest rendition`
  throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'maxHeight', message }] })
}

export function revokePlaybackToken(ctx: Context): Handler<typeof media.revokePlaybackToken> {
  return async ({ videoId, tokenId }, call) => {
    await changeOwnVideo(ctx, videoId, call, async (tx, video) => {
      const revoked = await revokeToken(tx, videoId, tokenId)
      if (!revoked) throw new AppError('PLAYBACK_TOKEN_NOT_FOUND')
      await incrementSequence(tx, videoId)
      const about = { aggregateId: videoId, sequence: Number(video.sequence) + 1 }
      const expiresAt = revoked.expiresAt.toISOString()
      await addEvent(tx, events['playback.revoked'], about, { videoId, tokenId, expiresAt })
    })
    return {}
  }
}

export function revokeDelivery(ctx: Context): Handler<typeof media.revokeDelivery> {
  return async ({ videoId }, call) => {
    const revokedAt = ctx.now()
    await changeOwnVideo(ctx, videoId, call, async (tx, video) => {
      if (!wasPublished(video)) throw new AppError('PLAYBACK_NOT_READY')
      await raiseDeliveryEpoch(tx, video, revokedAt)
    })
    return { revokedAt: revokedAt.toISOString(), cacheTag: `video-${videoId}` }
  }
}

/** For gateways, which need them of private videos and of such that cannot be played yet, too. */
export function findAllowedDomains(ctx: Context): Handler<typeof media.findAllowedDomains> {
  return async ({ videoId }, { actor }) => {
    serviceOnly(actor, 'gateway')
    const video = await ctx.readVideo(videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    const { project_id: projectId, allowed_domains: own } = video
    return { projectId, own, project: await projectDomains(ctx.db, projectId) }
  }
}

const REVOCATIONS_PER_PAGE = 1000
const REVOKED = { tokens: revokedTokens, videos: revokedVideos, keys: retiredPlaybackKeys }

/** For gateways, which refuse them without asking. */
export function listPlaybackRevocations({ db }: Context): Handler<typeof media.listPlaybackRevocations> {
  return async ({ of, after }, { actor }) => {
    serviceOnly(actor, 'gateway')
    const rows = await REVOKED[of](db, after, REVOCATIONS_PER_PAGE)
    const items = rows.map(({ id, epoch, expires_at }) => ({ id, epoch, expiresAt: expires_at.toISOString() }))
    return { items, more: rows.length === REVOCATIONS_PER_PAGE }
  }
}

export function listPlaybackTokens({ db }: Context): Handler<typeof media.listPlaybackTokens> {
  return async ({ limit, cursor }, { actor }) => {
    const rows = await tokensOfProject(db, defaultProjectOf(actor), {
      limit: limit + 1,
      after: decodeCreationCursor(cursor),
    })
    return pageOf(rows, limit, toPlaybackToken, creationCursor)
  }
}

function toPlaybackToken(row: PlaybackTokenRow) {
  return {
    id: row.id,
    videoId: row.video_id,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}
