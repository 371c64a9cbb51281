import type { Chapter } from '@kinora/common/contracts'
import { keys, type StorageKey } from '@kinora/common/storage'
import { type Cue, escapeVtt, renderVtt } from '@kinora/common/web-vtt'
import type { VideoPlan } from './plan.ts'
import type { PlaylistFile } from './playlists.ts'

/** Captions in one language. Their files carry the id, and are never written again: other captions have another id. */
export interface StoredCaptions {
  id: string
  lang: string
  label: string
  cues: number
  createdAt: string
}

export interface StoredChapters {
  id: string
  items: Chapter[]
}

/**
 * Both clocks begin at 0 with the first picture (RFC 8216 section 3.5); players of plain WebVTT read over it.
 */
const SAME_CLOCK = 'X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0'

export function captionsFile(id: string): string {
  return `captions-${id}.vtt`
}

export function captionsPlaylist(id: string): string {
  return `captions-${id}.m3u8`
}

export function renderCaptions(cues: readonly Cue[]): string {
  return renderVtt(cues, [SAME_CLOCK])
}

export function chaptersKey(videoId: string, { id }: StoredChapters): StorageKey {
  return keys.playlist(videoId, chaptersFile(id))
}

function chaptersFile(id: string): string {
  return `chapters-${id}.vtt`
}

/** Chapters as players read them: each lasts until the next one, the last one until the end. */
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
