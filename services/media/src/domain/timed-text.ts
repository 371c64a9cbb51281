import {
  type Chapter,
  MAX_CHAPTER_TITLE,
  MAX_CHAPTERS,
  type SourceChapter,
  type SourceFacts,
  type Warning,
  warningOf,
} from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, type StorageKey } from '@kinora/common/storage'
import { CaptionsError, readCaptionsInTurns } from '@kinora/formats/captions'
import { type Cue, escapeVtt, renderVtt } from '@kinora/formats/web-vtt'
import type { StoredChapters, VideoPlan } from '../db/stored.ts'
import type { PlaylistFile } from './presentation.ts'

/**
 * Both clocks begin at 0 with the first frame (RFC 8216 section 3.5). Players of plain WebVTT ignore this header.
 */
const SAME_CLOCK = 'X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0'

/** Of one video. */
export const MAX_CAPTION_LANGUAGES = 50

/** The captions that somebody has put, and how they were understood. Throws `CAPTIONS_INVALID`. */
export async function parseCaptions(text: string): Promise<{ cues: Cue[]; warnings: Warning[] }> {
  try {
    const { cues, unseen } = await readCaptionsInTurns(text)
    return { cues, warnings: unseen === null ? [] : [warningOf('CAPTIONS_CUE_UNSEEN', unseen)] }
  } catch (error) {
    if (error instanceof CaptionsError) throw new AppError('CAPTIONS_INVALID', { detail: error.message })
    throw error
  }
}

export function captionsFile(id: string): string {
  return `captions-${id}.vtt`
}

export function captionsPlaylist(id: string): string {
  return `captions-${id}.m3u8`
}

export function renderCaptions(cues: readonly Cue[]): string {
  return renderVtt(cues, [SAME_CLOCK])
}

export function chaptersKey(folder: string, { id }: StoredChapters): StorageKey {
  return keys.playlist(folder, chaptersFile(id))
}

function chaptersFile(id: string): string {
  return `chapters-${id}.vtt`
}

/** Chapters as WebVTT: each lasts until the next one, the last one until the end. */
export function renderChapters({ id, items }: StoredChapters, plan: VideoPlan): PlaylistFile {
  const end = secondsOf(plan) * 1000
  const cues = items
    .map(({ start, title }, index) => ({
      start: Math.round(start * 1000),
      end: Math.round(Math.min(end, (items[index + 1]?.start ?? Number.POSITIVE_INFINITY) * 1000)),
      settings: '',
      text: escapeVtt(title),
    }))
    .filter((cue) => cue.start < cue.end)
  return { name: chaptersFile(id), content: renderVtt(cues) }
}

export function secondsOf({ frameCount, frameRate }: VideoPlan): number {
  return (frameCount * frameRate.den) / frameRate.num
}

/** What is looked at of a source, before anything is left out or shortened. */
const [MAX_SOURCE_CHAPTERS, MAX_SOURCE_TITLE] = [10 * MAX_CHAPTERS, 10 * MAX_CHAPTER_TITLE]

/**
 * The chapters of a source as chapters of its video, which may be a clip: with times of the video, in order, each with a
 * title. A chapter that began before the clip starts with it; chapters that start after the end are left out.
 */
export function chaptersOf(found: readonly SourceChapter[], { durationSeconds, video }: SourceFacts): Chapter[] {
  const placed = found
    .slice(0, MAX_SOURCE_CHAPTERS)
    .map(({ start, title }, index) => ({
      start: secondsIn(start, video),
      title: cleaned(title) || `Chapter ${index + 1}`,
    }))
    .filter(({ start }) => start < durationSeconds)
    .toSorted((one, other) => one.start - other.start)
  // Of several chapters with the same start, the last one counts.
  return placed.filter(({ start }, index) => placed[index + 1]?.start !== start).slice(0, MAX_CHAPTERS)
}

function secondsIn(start: number, { startTime }: SourceFacts['video']): number {
  return Math.max(0, Math.round((start - startTime) * 1000) / 1000)
}

/** By the rules for titles of owners: one line, no control characters, no lone surrogate where it was cut. */
function cleaned(title: string): string {
  return title
    .slice(0, MAX_SOURCE_TITLE)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_CHAPTER_TITLE)
    .replace(/\p{Cs}/gu, '')
    .trim()
}
