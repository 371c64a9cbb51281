import { randomUUID } from 'node:crypto'
import { type SourceSubtitles, type TaskResult, type TaskWork, type Warning, warningOf } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { TaskRow, Tx, VideoRow } from '../db/schema.ts'
import type { StoredCaptions } from '../db/stored.ts'
import { shownName } from '../domain/audio-tracks.ts'
import { knownLanguage, languageName } from '../domain/languages.ts'
import { captionsFile, MAX_CAPTION_LANGUAGES, parseCaptions, renderCaptions } from '../domain/timed-text.ts'
import { folderOf } from '../domain/video-facts.ts'
import { queueFileDeletion, queueFolderDeletion } from '../repositories/deletions.ts'
import { retireCaptions, setCaptions } from '../repositories/timed-texts.ts'
import { findFolder } from '../repositories/videos.ts'

type SubtitlesWork = Extract<TaskWork, { kind: 'subtitles' }>

/** Captions whose files are stored, and that no video has yet. */
export interface PreparedCaptions {
  captions: StoredCaptions[]
  warnings: Warning[]
}

/**
 * Reads the texts that a worker found and stores them as captions. Before the transaction that records them: a slow store must
 * hold no connection of the database.
 */
export async function prepareSourceCaptions(
  ctx: Context,
  task: TaskRow,
  attempt: number,
  result: TaskResult,
): Promise<PreparedCaptions> {
  const prepared: PreparedCaptions = { captions: [], warnings: [] }
  if (result.kind !== 'subtitles' || task.params.kind !== 'subtitles') return prepared
  const videoFolder = await findFolder(ctx.db, task.video_id)
  const folder = keys.attempt(videoFolder, task.id, attempt)
  for (const track of task.params.tracks.filter(({ streamIndex }) => result.found.includes(streamIndex))) {
    try {
      const { cues } = await parseCaptions((await ctx.store.get(`${folder}/${track.streamIndex}.vtt`)).toString())
      const file = Buffer.from(renderCaptions(cues))
      const id = randomUUID()
      await ctx.store.put(keys.playlist(videoFolder, captionsFile(id)), file)
      prepared.captions.push({
        id,
        ...describe(track),
        cues: cues.length,
        bytes: file.length,
        createdAt: ctx.now().toISOString(),
      })
    } catch (error) {
      // The files of an attempt that was recorded before are gone.
      const isKnown = error instanceof AppError && ['CAPTIONS_INVALID', 'FILE_NOT_FOUND'].includes(error.code)
      if (!isKnown) throw error
      prepared.warnings.push(unreadable(track))
    }
  }
  return prepared
}

function describe({ language, title = '', forced = false, sdh = false }: SourceSubtitles) {
  const lang = knownLanguage(language)
  const name = lang === null ? 'Subtitles' : languageName(lang)
  const label = shownName(title) || `${name}${forced ? ' (forced)' : ''}${sdh ? ' (SDH)' : ''}`
  return { lang: lang ?? 'und', label, fromSource: true, forced, sdh }
}

/**
 * Under the lock of the video. Captions of the owner in the same language win, and automatic ones give way; files that are not
 * used are deleted.
 */
export async function recordSourceCaptions(
  tx: Tx,
  video: VideoRow,
  folderKey: string,
  prepared: readonly StoredCaptions[],
): Promise<void> {
  await queueFolderDeletion(tx, folderKey)
  const owned = new Set(video.captions.filter(({ automatic }) => !automatic).map(({ lang }) => lang))
  const usable = prepared.filter(({ lang }) => !owned.has(lang))
  const replaced = video.captions.filter(
    ({ automatic, lang }) => automatic && usable.some((one) => one.lang === lang && !one.forced),
  )
  const kept = video.captions.filter((one) => !replaced.includes(one))
  // Whoever asks for a language gets all of its texts, not only the forced ones.
  const ordered = usable.toSorted((one, other) => Number(one.forced) - Number(other.forced))
  const captions = [...kept, ...ordered].slice(0, MAX_CAPTION_LANGUAGES)
  await discardPrepared(
    tx,
    video,
    prepared.filter((one) => !captions.includes(one)),
  )
  for (const one of replaced) await retireCaptions(tx, video, one)
  if (captions.length > kept.length) await setCaptions(tx, video.id, captions)
}

export async function discardPrepared(tx: Tx, video: VideoRow, unused: readonly StoredCaptions[]): Promise<void> {
  for (const { id } of unused) await queueFileDeletion(tx, keys.playlist(folderOf(video), captionsFile(id)))
}

/** For a task that failed for good: the video goes on without its subtitles. */
export function unreadableSubtitles({ tracks }: SubtitlesWork): Warning[] {
  return tracks.map(unreadable)
}

function unreadable({ streamIndex, codec }: SourceSubtitles): Warning {
  const detail = `Subtitle track ${streamIndex + 1} (${codec}) is not part of the video: its texts cannot be read.`
  return warningOf('SUBTITLE_TRACK_SKIPPED', detail)
}
