import { randomUUID } from 'node:crypto'
import { MAX_CAPTION_BYTES, type TaskResult, type Warning, warningOf } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Cue } from '@kinora/formats/web-vtt'
import type { MediaConfig } from '../config.ts'
import type { Context } from '../context.ts'
import type { TaskRow, Tx, VideoRow } from '../db/schema.ts'
import type { StoredCaptions } from '../db/stored.ts'
import { knownLanguage } from '../domain/languages.ts'
import { audioPlaylist } from '../domain/presentation.ts'
import { captionsFile, MAX_CAPTION_LANGUAGES, parseCaptions, renderCaptions } from '../domain/timed-text.ts'
import {
  automaticLabel,
  hasCaptions,
  type TranscribeWork,
  tracksToTranscribe,
  transcribeTask,
} from '../domain/transcription.ts'
import { folderOf } from '../domain/video-facts.ts'
import { queueFolderDeletion } from '../repositories/deletions.ts'
import { addTasks, taskFacts } from '../repositories/tasks.ts'
import { retireCaptions, setCaptions } from '../repositories/timed-texts.ts'
import { findFolder } from '../repositories/videos.ts'
import { discardPrepared, type PreparedCaptions } from './source-captions.ts'

type TranscribeResult = Extract<TaskResult, { kind: 'transcribe' }>

/** For a video that has just become ready: the first piece of each track. Further ones follow one after the other. */
export async function addTranscripts(tx: Tx, video: VideoRow, config: MediaConfig): Promise<void> {
  if (!config.TRANSCRIBE) return
  const tasks = await taskFacts(tx, video.id)
  if (tasks.some(({ kind }) => kind === 'transcribe')) return
  const first = tracksToTranscribe(video.audio_tracks, video.captions).map((track) =>
    transcribeTask({
      kind: 'transcribe',
      track: track.id,
      audioKey: keys.playlist(folderOf(video), audioPlaylist(track)),
      language: track.language,
      from: 0,
      seconds: config.TRANSCRIBE_PIECE_SECONDS,
    }),
  )
  if (first.length > 0) await addTasks(tx, video.id, first)
}

/**
 * Stores the captions of a track with those of one more piece, as a file that no video has yet. Before the transaction that
 * records them.
 */
export async function prepareTranscript(
  ctx: Context,
  task: TaskRow,
  attempt: number,
  result: TranscribeResult,
): Promise<PreparedCaptions> {
  if (task.params.kind !== 'transcribe' || result.cues === 0) return { captions: [], warnings: [] }
  const { params: work } = task
  const folder = await findFolder(ctx.db, task.video_id)
  try {
    const earlier = work.captionsId && keys.playlist(folder, captionsFile(work.captionsId))
    const files = [...(earlier ? [earlier] : []), `${keys.attempt(folder, task.id, attempt)}/transcript.vtt`]
    const cues: Cue[] = []
    for (const key of files) cues.push(...(await parseCaptions((await ctx.store.get(key)).toString())).cues)
    const file = Buffer.from(renderCaptions(cues))
    if (file.length > MAX_CAPTION_BYTES) return { captions: [], warnings: [failed(work, 'they are too long')] }
    const id = randomUUID()
    await ctx.store.put(keys.playlist(folder, captionsFile(id)), file)
    const lang = work.language ?? knownLanguage(result.language ?? '') ?? 'und'
    const about = { lang, label: automaticLabel(lang), automatic: true }
    const captions = { id, ...about, cues: cues.length, bytes: file.length, createdAt: ctx.now().toISOString() }
    return { captions: [captions], warnings: [] }
  } catch (error) {
    // Earlier captions may have been deleted, and the files of an attempt that was recorded before are gone.
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return { captions: [], warnings: [] }
    if (error instanceof AppError && error.code === 'CAPTIONS_INVALID')
      return { captions: [], warnings: [failed(work, 'they cannot be read')] }
    throw error
  }
}

/**
 * Under the lock of the video. Nothing is recorded, and no further piece follows, where the language has other captions by now,
 * or where the owner has deleted those of earlier pieces or hidden the track.
 */
export async function recordTranscript(
  tx: Tx,
  { video, task, attempt }: { video: VideoRow; task: TaskRow; attempt: number },
  result: TranscribeResult,
  { captions: [made], warnings }: PreparedCaptions,
): Promise<void> {
  await queueFolderDeletion(tx, keys.attempt(folderOf(video), task.id, attempt))
  const { params: work } = task
  if (work.kind !== 'transcribe') return
  const track = video.audio_tracks.find(({ id }) => id === work.track)
  const before = video.captions.find(({ id }) => id === work.captionsId)
  const others = video.captions.filter((one) => one !== before)
  // What the owner says of the track wins over what the engine has heard.
  const lang = track?.language ?? before?.lang ?? made?.lang ?? 'und'
  const isWanted =
    track !== undefined &&
    !track.hidden &&
    (work.captionsId === undefined || before !== undefined) &&
    !hasCaptions(others, lang) &&
    others.length < MAX_CAPTION_LANGUAGES
  // The file of earlier pieces may have gone between its reading and the lock.
  const isLost = result.cues > 0 && made === undefined
  if (!isWanted || isLost || warnings.length > 0) return await discardPrepared(tx, video, made ? [made] : [])
  if (made) {
    if (before) await retireCaptions(tx, video, before)
    await setCaptions(tx, video.id, ordered([...others, { ...made, lang, label: automaticLabel(lang) }]))
  }
  if (!result.ended) await addTasks(tx, video.id, [transcribeTask(nextPiece(work, result, lang, made ?? before))])
}

/** Whoever asks for a language gets the first of its captions, which must not be the forced ones. */
function ordered(captions: StoredCaptions[]): StoredCaptions[] {
  return captions.toSorted((one, other) => Number(one.forced ?? false) - Number(other.forced ?? false))
}

function nextPiece(
  { captionsId: _, ...work }: TranscribeWork,
  { to }: TranscribeResult,
  lang: string,
  captions: StoredCaptions | undefined,
): TranscribeWork {
  const language = lang === 'und' ? null : lang
  return { ...work, language, from: to, ...(captions && { captionsId: captions.id }) }
}

/** For a task that failed for good; a retry of the video continues there. */
export function transcriptFailed(work: TranscribeWork): Warning[] {
  return [failed(work, 'the engine failed')]
}

function failed({ track, from }: TranscribeWork, why: string): Warning {
  const what = from === 0 ? 'has no automatic captions' : `has no automatic captions from second ${Math.floor(from)} on`
  return warningOf('TRANSCRIPTION_FAILED', `Audio track ${track} ${what}: ${why}.`)
}
