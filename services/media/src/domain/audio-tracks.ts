import type { SourceAudio, SourceFacts } from '@kinora/common/contracts'
import type { StoredAudioTrack } from '../db/stored.ts'
import { knownLanguage, languageName } from './languages.ts'

/** The audio tracks of a video as its source has them, in that order. */
export function audioTracksOf(facts: SourceFacts): StoredAudioTrack[] {
  const tracks: StoredAudioTrack[] = []
  for (const { id, source } of numbered(facts)) {
    const language = knownLanguage(source.language)
    const isDefault = source === facts.audio
    tracks.push({
      id,
      language,
      name: uniqueName(nameFor(source, language), tracks),
      default: isDefault,
      channels: source.channels,
      audioDescription: source.audioDescription === true,
      hidden: false,
      status: 'processing',
      additional: !isDefault,
    })
  }
  return tracks
}

export interface NumberedAudio {
  id: string
  source: SourceAudio
}

/** The stream of each additional track, by the id of the track. */
export function additionalStreams(facts: SourceFacts): NumberedAudio[] {
  return numbered(facts).filter(({ source }) => source !== facts.audio)
}

/** The streams that are published as 5.1 as well, by the id of the track. */
export function surroundStreams(facts: SourceFacts): NumberedAudio[] {
  return numbered(facts).filter(({ source }) => source.surround === true)
}

/** The ids count from 1 and are never changed: tasks, files and addresses contain them. */
function numbered({ audio, otherAudio = [] }: SourceFacts): NumberedAudio[] {
  const all = audio ? [audio, ...otherAudio] : []
  const inOrder = all.toSorted((one, other) => one.streamIndex - other.streamIndex)
  return inOrder.map((source, index) => ({ id: String(index + 1), source }))
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
