import type { TaskWork } from '@kinora/common/contracts'
import type { PlannedTask, StoredAudioTrack, StoredCaptions } from '../db/stored.ts'
import { languageName } from './languages.ts'

export type TranscribeWork = Extract<TaskWork, { kind: 'transcribe' }>

/** After the downloads of all tracks. Each track has its own range, and each piece of it an ordinal. */
const FIRST_ORDINAL = 100_000_000
const PIECES_OF_TRACK = 1_000_000

/** Takes one piece of a track, which ends where the worker finds a quiet moment. */
export function transcribeTask(work: TranscribeWork): PlannedTask {
  return {
    // A piece has at least a second.
    ordinal: FIRST_ORDINAL + Number(work.track) * PIECES_OF_TRACK + Math.floor(work.from),
    label: `transcribe audio ${work.track} from ${Math.floor(work.from)} s`,
    queue: 'transcribe',
    weight: 1,
    work,
  }
}

/**
 * The tracks of a video that need captions: of each language one, the default one first, and audio description only where
 * there is nothing else. A language that is not known is one of its own.
 */
export function tracksToTranscribe(
  tracks: readonly StoredAudioTrack[],
  captions: readonly StoredCaptions[],
): StoredAudioTrack[] {
  const usable = tracks.filter(({ hidden, status }) => !hidden && status !== 'failed')
  const rank = (track: StoredAudioTrack) => Number(track.audioDescription) * 2 - Number(track.default)
  const chosen: StoredAudioTrack[] = []
  for (const track of usable.toSorted((one, other) => rank(one) - rank(other))) {
    const { language } = track
    const isCovered =
      language !== null &&
      (hasCaptions(captions, language) || chosen.some((other) => isSameLanguage(other.language ?? '', language)))
    if (!isCovered) chosen.push(track)
  }
  return chosen
}

/** Whether these captions have the texts of a language, in any of its regions; forced ones have only some. */
export function hasCaptions(captions: readonly StoredCaptions[], language: string): boolean {
  return captions.some(({ lang, forced = false }) => !forced && isSameLanguage(lang, language))
}

function isSameLanguage(one: string, other: string): boolean {
  return one.split('-')[0] === other.split('-')[0]
}

/** What the menu of a player shows; it says that no person wrote them. */
export function automaticLabel(lang: string): string {
  return lang === 'und' ? 'Automatic captions' : `${languageName(lang)} (automatic)`
}
