import { posix } from 'node:path'
import { type Replacement, type Warning, warningOf } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { StoredCaptions, StoredChapters } from '../db/stored.ts'
import { captionsFile, MAX_CAPTION_LANGUAGES } from '../domain/timed-text.ts'
import { folderOf } from '../domain/video-facts.ts'
import { queueFileDeletion, queueFolderDeletion, queueLateDeletion, type Removable } from '../repositories/deletions.ts'
import { lockPlaylists } from '../repositories/publications.ts'
import {
  deleteReplacement,
  hasOpenTasks,
  openAttempts,
  recordReplacement,
  takeReplacement,
} from '../repositories/replacements.ts'
import { addSourceEvent } from '../repositories/sources.ts'
import { retireCaptions } from '../repositories/timed-texts.ts'
import { lockVideo } from '../repositories/video-states.ts'
import { getVideo } from '../repositories/videos.ts'
import { changeVideo } from './change-video.ts'
import { MAX_ADDRESS_MS } from './revoke-delivery.ts'
import { addTranscripts } from './transcripts.ts'
import { writePlaylists } from './write-playlists.ts'

/** Viewers that have begun with the old source go on with it until the last address that a gateway gave them has expired. */
const RETIRED_SECONDS = MAX_ADDRESS_MS / 1000

/**
 * Looks how far the source that is to replace the one of a video has come: shows its progress, gives it up when it has failed, or puts
 * it in the place of the old one when it is ready and nothing of it is to come. A video is always locked before its replacement.
 * @param old the files of the version that the video plays now, if the replacement may take its place
 */
export async function followReplacement(
  ctx: Context,
  { videoId, replacementId }: { videoId: string; replacementId: string },
  old: { folder: string; files: Removable[] } | null,
): Promise<'replaced' | 'failed' | 'running'> {
  const both = async (tx: Tx) => {
    for (const id of [videoId, replacementId]) await lockPlaylists(tx, id)
  }
  const follow = async (tx: Tx, video: VideoRow) => {
    const next = await lockVideo(tx, replacementId)
    if (next?.status === 'failed') return await giveUp(ctx, tx, video, next)
    if (next?.status === 'ready' && old?.folder === folderOf(video) && !(await hasOpenTasks(tx, next.id))) {
      return await takeOver(ctx, tx, { video, next, files: old.files })
    }
    if (next) await showProgress(tx, video, next)
    return 'running'
  }
  return (await changeVideo(ctx, videoId, follow, both))?.result ?? 'running'
}

async function showProgress(tx: Tx, { id, replacement }: VideoRow, { percent }: VideoRow): Promise<void> {
  if (replacement && replacement.percent !== percent) await recordReplacement(tx, id, { ...replacement, percent })
}

/** The video stays as it is, and says why. */
async function giveUp(ctx: Context, tx: Tx, video: VideoRow, next: VideoRow): Promise<'failed'> {
  const [at, { percent, error }] = [ctx.now().toISOString(), next]
  const startedAt = video.replacement?.startedAt ?? at
  const failed: Replacement = { status: 'failed', percent, startedAt, error }
  await deleteReplacement(tx, next.id)
  await queueFolderDeletion(tx, keys.videoFolder(folderOf(next)), video.project_id)
  if (next.source_key !== null) await queueFileDeletion(tx, next.source_key)
  await recordReplacement(tx, video.id, failed)
  const detail = `The new source failed, and the video stays as it was: ${error?.detail ?? 'unknown'}`
  await addSourceEvent(tx, video.id, { at, event: 'replacement_failed', detail })
  return 'failed'
}

interface Switch {
  video: VideoRow
  next: VideoRow
  /** Of the version that is played now. */
  files: Removable[]
}

/** Everything about the old source is gone at the commit but its files, which players may still fetch. */
async function takeOver(ctx: Context, tx: Tx, { video, next, files }: Switch): Promise<'replaced'> {
  const { captions, unused } = captionsFor(video, next)
  const chapters = video.chapters_of_owner ? video.chapters : next.chapters
  for (const one of captions) if (video.captions.includes(one)) await copyCaptions(ctx, one, video, next)
  for (const one of unused) await retireCaptions(tx, next, one)
  await retire(tx, video, files)
  const warnings = [...next.warnings, ...warningsOf(video, captions, chapters)]
  await takeReplacement(tx, video.id, next.id, { captions, chapters, warnings })
  const changed = await getVideo(tx, video.id)
  if (!changed.plan) throw new Error('a video that is ready has no plan')
  await writePlaylists(ctx, tx, { ...changed, plan: changed.plan })
  await addTranscripts(tx, changed, ctx.config)
  const detail = `The video has its new source (${next.source_bytes} bytes).`
  await addSourceEvent(tx, video.id, { at: ctx.now().toISOString(), event: 'replaced', detail })
  return 'replaced'
}

/** A file that is missing is missing as before. */
async function copyCaptions({ store }: Context, { id }: StoredCaptions, from: VideoRow, to: VideoRow): Promise<void> {
  const place = (video: VideoRow) => keys.playlist(folderOf(video), captionsFile(id))
  await store.copy(place(from), place(to)).catch((error: unknown) => {
    if (!(error instanceof AppError && error.code === 'FILE_NOT_FOUND')) throw error
  })
}

/** What people have put stays, and wins over what the new source has in the same language. */
function captionsFor(video: VideoRow, next: VideoRow): { captions: StoredCaptions[]; unused: StoredCaptions[] } {
  const put = video.captions.filter(({ fromSource, automatic }) => !fromSource && !automatic)
  const isOpen = ({ lang }: StoredCaptions) => !put.some((one) => one.lang === lang)
  const captions = [...put, ...next.captions.filter(isOpen)].slice(0, MAX_CAPTION_LANGUAGES)
  return { captions, unused: next.captions.filter((one) => !captions.includes(one)) }
}

function warningsOf(
  { captions: before, chapters_of_owner: ownChapters, audio_tracks: tracks }: VideoRow,
  captions: readonly StoredCaptions[],
  chapters: StoredChapters | null,
): Warning[] {
  const kept = captions.filter((one) => before.includes(one)).map(({ lang }) => lang)
  const added = tracks.filter((track) => track.added).map(({ id }) => id)
  const details = [
    kept.length > 0 && `The captions in ${kept.join(', ')} were put for an earlier source: their times may not fit.`,
    ownChapters && chapters && 'The chapters were put for an earlier source: their times may not fit.',
    added.length > 0 &&
      `Audio tracks that were added to an earlier source are not part of the video: ${added.join(', ')}.`,
  ]
  return details
    .filter((detail) => detail !== false && detail !== null)
    .map((detail) => warningOf('SOURCE_REPLACED', detail))
}

/** The source goes now, because nobody plays it; what it was made into goes when nobody can play that any more. */
async function retire(tx: Tx, video: VideoRow, files: readonly Removable[]): Promise<void> {
  const folder = keys.videoFolder(folderOf(video))
  const open = (await openAttempts(tx, video.id)).map((name) => ({ key: `${folder}/${name}`, folder: true }))
  // Without the project: that it is erased must not wait for these.
  for (const what of [...files, ...open]) await queueLateDeletion(tx, what, {}, RETIRED_SECONDS)
  const added = video.audio_tracks.flatMap((track) => (track.added ? [track.added.key] : []))
  for (const key of [video.source_key, ...added]) if (key !== null) await queueFileDeletion(tx, key)
}

const VERSION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The files of the version that a video plays. Those of the first are beside the folders of the others, and watermarks belong to all. */
export async function filesOfVersion({ store }: Pick<Context, 'store'>, video: VideoRow): Promise<Removable[]> {
  const root = keys.videoFolder(folderOf(video))
  if (video.version !== null) return [{ key: root, folder: true }]
  const found = new Map<string, Removable>()
  for await (const key of store.list(root)) {
    const [name = '', ...below] = posix.relative(root, key).split('/')
    if (VERSION.test(name) || key === video.watermark?.key) continue
    found.set(name, { key: `${root}/${name}`, folder: below.length > 0 })
  }
  return [...found.values()]
}
