import type { MediaPart, Rung } from '@kinora/common/contracts'
import type { StoredAudioTrack, StoredCaptions, VideoPlan } from '../db/stored.ts'
import type { Measured } from './bandwidth.ts'
import { type Part, STEREO, SURROUND } from './segments.ts'

type Rendition = Extract<MediaPart, { kind: 'video' }>['renditions'][number]
export type KeyFrameRange = NonNullable<Rendition['segments'][number]['keyFrames']>[number]

export interface Segment extends Measured {
  /** Relative to the video's folder. */
  uri: string
  /** Hex; absent where the worker reported none. */
  sha256?: string | undefined
}

export interface Track {
  codecs: string
  initUri: string
  initBytes: number
  initSha256?: string | undefined
  segments: Segment[]
}

export interface VideoTrack extends Track {
  rung: Rung
  segments: VideoSegment[]
  /** While the video grows: these segments, and those that are not listed yet. */
  recorded?: readonly Measured[]
}

export interface VideoSegment extends Segment {
  /** Offset and length of each group's key frame; absent where the worker reported none. */
  keyFrames?: KeyFrameRange[] | undefined
}

export interface AudioTrack extends Track {
  channels: number
  /** The same in 5.1, where the source has it; once it is complete. */
  surround?: Track | undefined
  /** What the menu of a player shows. */
  shown: StoredAudioTrack
}

/** What a presentation has beside frames and audio, and what it says of its audio. */
export interface Described {
  audioTracks: readonly StoredAudioTrack[]
  subtitles: readonly StoredCaptions[]
}

/** What can be played at this moment. */
export interface Presentation {
  plan: VideoPlan
  /** No segments will be added. */
  complete: boolean
  /** Renditions that have segments, smallest first, and that of HEVC. */
  video: VideoTrack[]
  /** In the order of the source. */
  audio: AudioTrack[]
  subtitles: readonly StoredCaptions[]
}

/** All renditions that a plan has; that of HEVC last, because some players begin with the first one. */
export function allRungs({ rungs, hevc }: VideoPlan): Rung[] {
  return hevc ? [...rungs, hevc] : rungs
}

/** Joins parts: of each rendition the segments that follow each other without a gap from the start. */
export function presentationOf(
  plan: VideoPlan,
  parts: readonly Part[],
  complete: boolean,
  { audioTracks, subtitles }: Described,
): Presentation {
  const video = allRungs(plan)
    .map((rung) => videoTrack(rung, plan, parts))
    .filter((track) => track !== null)
  const offered = audioTracks.filter(({ hidden }) => !hidden)
  const audio = offered.map((shown) => audioTrack(shown, parts)).filter((track) => track !== null)
  return { plan, complete, subtitles, ...(complete ? { video, audio } : inStep(video, audio)) }
}

/**
 * Cuts all tracks to the time that audio and smallest rendition, if there is one, have both. Otherwise a player could seek to where one of the
 * two is missing, or to where no rendition is small enough for its network. A remuxed rendition is complete long before the
 * others, and additional audio is complete when it is here.
 */
function inStep(video: VideoTrack[], audio: AudioTrack[]): { video: VideoTrack[]; audio: AudioTrack[] } {
  const [smallest, ...larger] = video
  const end = Math.min(...[...video.slice(0, 1), ...audio].map(secondsOf))
  const cutAudio = <T extends Track>(track: T): T => ({ ...track, segments: begunBefore(end, track) })
  const sound = audio.map((track) => ({
    ...cutAudio(track),
    ...(track.surround && { surround: cutAudio(track.surround) }),
  }))
  if (!smallest) return { video, audio: sound }
  const listed = begunBefore(end, smallest)
  const limit = secondsOf({ segments: listed })
  const cut = (track: VideoTrack, segments: VideoSegment[]) => ({ ...track, segments, recorded: track.segments })
  const begun = larger.map((track) => cut(track, endedBy(limit, track))).filter(({ segments }) => segments.length > 0)
  return {
    video: [cut(smallest, listed), ...begun],
    audio: sound,
  }
}

/** Of a rendition, all that is listed or recorded. */
export function secondsOf({ segments }: { segments: readonly Measured[] }): number {
  return segments.reduce((sum, { seconds }) => sum + seconds, 0)
}

/** Seconds, more than a frame of audio: such frames do not end with those of video. */
const SAME_CUT = 0.1

/** The segments of which all or a part is before this time: audio is not cut where video is. */
function begunBefore<S extends Segment>(end: number, { segments }: { segments: S[] }): S[] {
  const last = end - Math.min(SAME_CUT, end / 2)
  let start = 0
  return segments.filter(({ seconds }) => {
    const isBefore = start < last
    start += seconds
    return isBefore
  })
}

/** The segments that have ended at this time, in seconds. */
function endedBy<S extends Segment>(limit: number, { segments }: { segments: S[] }): S[] {
  let end = 0
  return segments.filter(({ seconds }) => {
    end += seconds
    return end < limit + SAME_CUT
  })
}

/** Segments of one rendition or of the audio, with consecutive numbers, in one folder. */
interface Run<S extends Measured> {
  folder: string
  firstSegment: number
  initBytes: number
  initSha256?: string | undefined
  segments: S[]
}

function videoTrack(rung: Rung, plan: VideoPlan, parts: readonly Part[]): VideoTrack | null {
  const renditions = parts.flatMap(({ taskId, attempt, written }) =>
    written.kind === 'audio'
      ? []
      : written.renditions
          .filter(({ name }) => name === rung.name)
          .map(({ codecs, firstSegment, initBytes, initSha256, segments }) => ({
            codecs,
            initBytes,
            initSha256,
            folder: `${taskId}-${attempt}/${rung.name}`,
            firstSegment,
            segments: segments.map(({ bytes, frames, keyFrames, sha256 }) => ({
              bytes,
              sha256,
              keyFrames,
              seconds: (frames * plan.frameRate.den) / plan.frameRate.num,
            })),
          })),
  )
  const first = renditions.find(({ firstSegment }) => firstSegment === 0)
  return first ? { rung, codecs: first.codecs, ...unbroken(first, renditions) } : null
}

function audioTrack(shown: StoredAudioTrack, parts: readonly Part[]): AudioTrack | null {
  const stereo = encodedAudio(shown, parts, STEREO)
  const surround = encodedAudio(shown, parts, SURROUND)
  return stereo && { shown, channels: STEREO, ...stereo, ...(surround && { surround }) }
}

function encodedAudio(shown: StoredAudioTrack, parts: readonly Part[], channels: number): Track | null {
  const track = shown.additional ? shown.id : undefined
  const runs = parts.flatMap(({ taskId, attempt, written }) =>
    written.kind === 'audio' && written.track === track && written.channels === channels
      ? [{ ...written, folder: `${taskId}-${attempt}` }]
      : [],
  )
  const first = runs.find(({ firstSegment }) => firstSegment === 0)
  return first ? { codecs: first.codecs, ...unbroken(first, runs) } : null
}

function unbroken<S extends Measured>(
  first: Run<S>,
  runs: readonly Run<S>[],
): Pick<Track, 'initUri' | 'initBytes' | 'initSha256'> & { segments: (S & Segment)[] } {
  const segments: (S & Segment)[] = []
  for (const run of runs.toSorted((one, other) => one.firstSegment - other.firstSegment)) {
    if (run.firstSegment !== segments.length) break
    for (const segment of run.segments) {
      segments.push({ ...segment, uri: `${run.folder}/${segments.length}.m4s` })
    }
  }
  const { folder, initBytes, initSha256 } = first
  return { initUri: `${folder}/init.mp4`, initBytes, initSha256, segments }
}

/** File name of the media playlist of a rung. */
export function renditionPlaylist(rungName: string): string {
  return `${rungName}.m3u8`
}

/** File name of the media playlist of an audio track. */
export function audioPlaylist({ id, additional }: Pick<StoredAudioTrack, 'id' | 'additional'>): string {
  return additional ? `audio-${id}.m3u8` : 'audio.m3u8'
}

/** The same of its 5.1. */
export function surroundPlaylist({ id, additional }: Pick<StoredAudioTrack, 'id' | 'additional'>): string {
  return additional ? `audio-${id}-surround.m3u8` : 'audio-surround.m3u8'
}

export interface PlaylistFile {
  name: string
  content: string
}
