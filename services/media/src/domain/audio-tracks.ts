import type { SourceAudio, SourceFacts } from '@kinora/common/contracts'
import type { StoredAudioTrack } from '../db/stored.ts'
import { knownLanguage, languageName } from './captions.ts'

/**
 * The audio tracks of a video as its source has them, in that order. The ids count from 1 and are never changed: tasks, files
 * and addresses contain them.
 */
export function audioTracksOf({ audio, otherAudio = [] }: SourceFacts): StoredAudioTrack[] {
  if (!audio) return []
  const tracks: StoredAudioTrack[] = []
  for (const [index, source] of inOrder([audio, ...otherAudio]).entries()) {
    const language = knownLanguage(source.language)
    const isDefault = source.streamIndex === audio.streamIndex
    const audioDescription = source.audioDescription === true
    tracks.push({
      id: String(index + 1),
      language,
      name: uniqueName(nameFor(source, language), tracks),
      default: isDefault,
      channels: source.channels,
      audioDescription,
      hidden: false,
      status: 'processing',
      additional: !isDefault,
    })
  }
  return tracks
}

/** The stream of each additional track, by the id of the track. */
export function additionalStreams({ audio, otherAudio = [] }: SourceFacts): { id: string; source: SourceAudio }[] {
  if (!audio) return []
  return inOrder([audio, ...otherAudio])
    .map((source, index) => ({ id: String(index + 1), source }))
    .filter(({ source }) => source !== audio)
}

function inOrder(all: readonly SourceAudio[]): SourceAudio[] {
  return all.toSorted((one, other) => one.streamIndex - other.streamIndex)
}

const MAX_NAME = 100

/** The title in the file, else the name of the language. It becomes a quoted string in playlists. */
function nameFor({ title = '', audioDescription }: SourceAudio, language: string | null): string {
  const own = shownName(title)
  if (own !== '') return own
  const name = language === null ? 'Audio' : languageName(language)
  return audioDescription ? `${name} (audio description)` : name
}

/** A text of a file as a name: one line without quotation marks (RFC 8216 section 4.2); empty if nothing is left. */
export function shownName(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\s"]+/gu, ' ')
    .trim()
    .slice(0, MAX_NAME)
    .replace(/\p{Cs}/gu, '')
    .trim()
}

/** Names must differ within a group (RFC 8216 section 4.3.4.1.1). */
export function uniqueName(name: string, others: readonly { name: string }[]): string {
  const isTaken = (candidate: string) => others.some((other) => other.name === candidate)
  let unique = name
  for (let number = 2; isTaken(unique); number += 1) unique = `${name.slice(0, MAX_NAME - 4)} ${number}`
  return unique
}
