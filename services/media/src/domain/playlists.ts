import { type CutRange, framesOfSegment, segmentCount } from '@kinora/common/contracts'
import { MASTER_PLAYLIST } from '@kinora/common/storage'
import type { StoredAudioTrack, StoredCaptions, VideoPlan } from '../db/stored.ts'
import { uniqueName } from './audio-tracks.ts'
import { averageBitrate, highestBitrate, type Measured, peakBitrate } from './bandwidth.ts'
import {
  type AudioTrack,
  audioPlaylist,
  type PlaylistFile,
  type Presentation,
  renditionPlaylist,
  type Track,
  type VideoTrack,
} from './presentation.ts'
import { captionsFile, captionsPlaylist, secondsOf } from './timed-text.ts'

const AAC_FRAME_SECONDS = 1024 / 48_000

/**
 * The HLS playlists (RFC 8216) of a presentation, in the order in which they must be written: the master comes last, so
 * that it never names a playlist that does not exist.
 */
export function renderPlaylists(presentation: Presentation): PlaylistFile[] {
  const { video, audio } = presentation
  const target = targetDuration(presentation.plan)
  const files = video.map((track) => ({
    name: renditionPlaylist(track.rung.name),
    content: mediaPlaylist(track, target, presentation.complete),
  }))
  for (const track of audio) {
    files.push({ name: audioPlaylist(track.shown), content: mediaPlaylist(track, target, presentation.complete) })
  }
  files.push(...presentation.subtitles.map((captions) => subtitlesPlaylist(captions, presentation.plan)))
  const iFrames = iFramePlaylists(presentation)
  return [...files, ...iFrames, { name: MASTER_PLAYLIST, content: masterPlaylist(presentation, iFrames) }]
}

/** Only for a complete video: before that they would have to grow, and only closed ones may have their own target duration. */
function iFramePlaylists({ plan, video, complete }: Presentation): IFramePlaylist[] {
  if (!complete) return []
  return video.map((track) => iFramePlaylist(track, plan)).filter((file) => file !== null)
}

function mediaPlaylist(track: Track, target: number, complete: boolean): string {
  return playlistText([
    ...PLAYLIST_HEAD,
    `#EXT-X-TARGETDURATION:${target}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${complete ? 'VOD' : 'EVENT'}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    // One header for all chunks: it is checked to be equal byte for byte when a chunk is finished.
    `#EXT-X-MAP:URI="${track.initUri}"`,
    ...track.segments.flatMap(({ uri, seconds }) => [`#EXTINF:${seconds.toFixed(6)},`, uri]),
    ...(complete ? ['#EXT-X-ENDLIST'] : []),
  ])
}

/**
 * Section 4.3.3.1: no EXTINF, rounded to the nearest integer, may be greater. Known from the plan, because it must not
 * change while a playlist grows; the same for audio and video, as section 6.2.4 demands. An audio segment may be one audio
 * frame longer than the video segment beside it.
 */
function targetDuration(plan: VideoPlan): number {
  const { frameRate, hasAudio, longestCopied = 0 } = plan
  const audio = hasAudio ? longestSegment({ ...plan, cuts: undefined }) : 0
  const longest = (Math.max(longestSegment(plan), longestCopied, audio) * frameRate.den) / frameRate.num
  return Math.max(1, Math.round(longest + (hasAudio ? AAC_FRAME_SECONDS : 0)))
}

/** In frames. */
function longestSegment(range: CutRange): number {
  let longest = 0
  for (let index = segmentCount(range) - 1; index >= 0; index -= 1) {
    longest = Math.max(longest, framesOfSegment(index, range))
  }
  return longest
}

function masterPlaylist(presentation: Presentation, iFrames: readonly IFramePlaylist[]): string {
  const { video, audio, subtitles } = presentation
  const sound = bandwidthOfAudio(presentation)
  const names = namesOf(subtitles)
  return playlistText([
    ...PLAYLIST_HEAD,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...audio.map((track) => audioMedia(track, audio)),
    ...subtitles.map((captions) => subtitlesMedia(captions, subtitles, names.get(captions.id) ?? captions.label)),
    ...video.flatMap((track) => [streamInf(track, presentation, sound), renditionPlaylist(track.rung.name)]),
    ...audioOnly(presentation, sound),
    ...iFrames.map(({ attributes }) => `#EXT-X-I-FRAME-STREAM-INF:${attributes.join(',')}`),
  ])
}

function audioMedia({ shown, channels }: AudioTrack, all: readonly AudioTrack[]): string {
  const attributes = [
    ...['TYPE=AUDIO', 'GROUP-ID="audio"', `NAME="${shown.name}"`],
    ...(shown.language === null ? [] : [`LANGUAGE="${shown.language}"`]),
    `DEFAULT=${shown.default ? 'YES' : 'NO'}`,
    `AUTOSELECT=${isAutoselected(shown, all) ? 'YES' : 'NO'}`,
    ...(shown.audioDescription ? ['CHARACTERISTICS="public.accessibility.describes-video"'] : []),
    ...[`CHANNELS="${channels}"`, `URI="${audioPlaylist(shown)}"`],
  ]
  return `#EXT-X-MEDIA:${attributes.join(',')}`
}

/**
 * A player may choose a track by language and role, so of those with the same ones only the first is selected by itself, or the
 * default one (RFC 8216 section 4.3.4.1.1).
 */
function isAutoselected({ id, language, audioDescription }: StoredAudioTrack, all: readonly AudioTrack[]): boolean {
  const alike = all
    .map(({ shown }) => shown)
    .filter((other) => other.language === language && other.audioDescription === audioDescription)
  return (alike.find((other) => other.default) ?? alike[0])?.id === id
}

/** The track that players begin with. */
function defaultOf(audio: readonly AudioTrack[]): AudioTrack | undefined {
  return audio.find(({ shown }) => shown.default) ?? audio[0]
}

function streamInf(track: VideoTrack, presentation: Presentation, sound: Bandwidth): string {
  const { plan, audio, complete } = presentation
  const { peak, average } = complete ? measured(track.segments, plan, sound) : capped(track, plan, sound)
  const attributes = [
    `BANDWIDTH=${peak}`,
    `AVERAGE-BANDWIDTH=${average}`,
    `CODECS="${[...new Set([track.codecs, ...audio.map(({ codecs }) => codecs)])].join(',')}"`,
    `RESOLUTION=${track.rung.width}x${track.rung.height}`,
    `FRAME-RATE=${(plan.frameRate.num / plan.frameRate.den).toFixed(3)}`,
    ...groups(presentation),
  ]
  return `#EXT-X-STREAM-INF:${attributes.join(',')}`
}

/** For networks that are too slow for video. Last, because some players begin with the first variant. */
function audioOnly(presentation: Presentation, { peak, average }: Bandwidth): string[] {
  const track = defaultOf(presentation.audio)
  if (!track) return []
  const codecs = [...new Set(presentation.audio.map((one) => one.codecs))].join(',')
  const attributes = [`BANDWIDTH=${peak}`, `AVERAGE-BANDWIDTH=${average}`, `CODECS="${codecs}"`]
  return [`#EXT-X-STREAM-INF:${[...attributes, ...groups(presentation)].join(',')}`, audioPlaylist(track.shown)]
}

/** The rendition groups that belong to a variant. */
function groups({ audio, subtitles }: Presentation): string[] {
  return [
    ...(audio.length > 0 ? ['AUDIO="audio"'] : []),
    ...(subtitles.length > 0 ? [`SUBTITLES="${SUBTITLES_GROUP}"`] : []),
  ]
}

interface Bandwidth {
  peak: number
  average: number
}

function measured(segments: readonly Measured[], plan: VideoPlan, sound: Bandwidth): Bandwidth {
  return {
    peak: peakBitrate(segments, targetDuration(plan)) + sound.peak,
    average: averageBitrate(segments) + sound.average,
  }
}

/** A player plays one track at a time: the most that any of them needs. */
function bandwidthOfAudio({ audio, plan }: Presentation): Bandwidth {
  return {
    peak: Math.max(0, ...audio.map(({ segments }) => peakBitrate(segments, targetDuration(plan)))),
    average: Math.max(0, ...audio.map(({ segments }) => averageBitrate(segments))),
  }
}

/**
 * For a growing video: the most that it may become, because players do not read the master playlist again. All segments of a
 * remux are recorded long before they are listed.
 */
function capped(track: VideoTrack, plan: VideoPlan, sound: Bandwidth): Bandwidth {
  const now = measured(track.recorded ?? track.segments, plan, sound)
  const { maxrate } = track.rung
  return {
    peak: Math.max(now.peak, highestBitrate(maxrate) + sound.peak),
    average: Math.max(now.average, maxrate * 1000 + sound.peak),
  }
}

/**
 * The first lines of all playlists. EXT-X-MAP outside I-frame playlists needs version 6, and fragmented MP4 is commonly
 * announced with 7.
 */
const PLAYLIST_HEAD = ['#EXTM3U', '#EXT-X-VERSION:7']

function playlistText(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}

/** One key frame: its bytes in a file, and the seconds until the next one. */
interface KeyFrame extends Measured {
  uri: string
  offset: number
}

/** A playlist of the key frames of a rendition, for seeking (RFC 8216 sections 4.3.3.6 and 4.3.4.3). */
export interface IFramePlaylist {
  name: string
  content: string
  /** Attributes for the master playlist. */
  attributes: string[]
}

/** Null for a rendition of which a worker did not report all key frames. */
function iFramePlaylist(track: VideoTrack, plan: VideoPlan): IFramePlaylist | null {
  const keyFrames = keyFramesOf(track, plan)
  if (!keyFrames) return null
  const name = `${track.rung.name}-iframes.m3u8`
  const seconds = Math.max(...keyFrames.map((keyFrame) => keyFrame.seconds))
  const content = [
    ...PLAYLIST_HEAD,
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(seconds))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-I-FRAMES-ONLY',
    `#EXT-X-MAP:URI="${track.initUri}"`,
    ...keyFrames.flatMap(({ uri, offset, bytes, seconds: until }) => [
      `#EXTINF:${until.toFixed(6)},`,
      `#EXT-X-BYTERANGE:${bytes}@${offset}`,
      uri,
    ]),
    '#EXT-X-ENDLIST',
  ]
  const attributes = [
    `BANDWIDTH=${peakBitrate(keyFrames, seconds)}`,
    `AVERAGE-BANDWIDTH=${averageBitrate(keyFrames)}`,
    `CODECS="${track.codecs}"`,
    `RESOLUTION=${track.rung.width}x${track.rung.height}`,
    `URI="${name}"`,
  ]
  return { name, content: playlistText(content), attributes }
}

function keyFramesOf({ segments }: VideoTrack, { gopFrames, frameRate }: VideoPlan): KeyFrame[] | null {
  const all: KeyFrame[] = []
  for (const { uri, seconds, keyFrames } of segments) {
    if (!keyFrames) return null
    const starts = keyFrames.map(([, , frame], index) => ((frame ?? index * gopFrames) * frameRate.den) / frameRate.num)
    keyFrames.forEach(([offset, bytes], index) => {
      all.push({ uri, offset, bytes, seconds: (starts[index + 1] ?? seconds) - (starts[index] ?? 0) })
    })
  }
  return all.length > 0 ? all : null
}

const SUBTITLES_GROUP = 'captions'

/**
 * All text in one segment: unlike audio and video, subtitles may have their own target duration if their playlist is closed
 * (RFC 8216 section 6.2.4). It is closed also while the video is still being processed.
 */
function subtitlesPlaylist({ id }: StoredCaptions, plan: VideoPlan): PlaylistFile {
  const seconds = secondsOf(plan)
  const lines = [
    ...PLAYLIST_HEAD,
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(seconds))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    `#EXTINF:${seconds.toFixed(6)},`,
    captionsFile(id),
    '#EXT-X-ENDLIST',
  ]
  return { name: captionsPlaylist(id), content: playlistText(lines) }
}

/** Apple's name for what a machine made; other players ignore it. */
const AUTOMATIC = 'public.machine-generated'
const SDH = 'public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound'

/**
 * Names must differ within a group, and what a player selects by itself must differ in language and role (section 4.3.4.1.1).
 * Two languages may have the same label, and a source may have several tracks of one language.
 */
function subtitlesMedia(captions: StoredCaptions, all: readonly StoredCaptions[], name: string): string {
  const { id, lang, automatic = false, forced = false, sdh = false } = captions
  const characteristics = [...(sdh ? [SDH] : []), ...(automatic ? [AUTOMATIC] : [])]
  const role = (one: StoredCaptions) => `${one.lang} ${one.forced ?? false} ${one.sdh ?? false}`
  const isFirst = all.find((other) => role(other) === role(captions)) === captions
  const attributes = [
    'TYPE=SUBTITLES',
    `GROUP-ID="${SUBTITLES_GROUP}"`,
    `NAME="${name}"`,
    ...(lang === 'und' ? [] : [`LANGUAGE="${lang}"`]),
    'DEFAULT=NO',
    `AUTOSELECT=${isFirst ? 'YES' : 'NO'}`,
    `FORCED=${forced ? 'YES' : 'NO'}`,
    ...(characteristics.length > 0 ? [`CHARACTERISTICS="${characteristics.join(',')}"`] : []),
    `URI="${captionsPlaylist(id)}"`,
  ]
  return `#EXT-X-MEDIA:${attributes.join(',')}`
}

/** The label, with the language where several have the same one, and a number where that is not enough. */
function namesOf(all: readonly StoredCaptions[]): Map<string, string> {
  const names = new Map<string, string>()
  for (const { id, lang, label } of all) {
    const isUnique = all.every((other) => other.id === id || other.label !== label)
    const others = [...names.values()].map((name) => ({ name }))
    names.set(id, uniqueName(isUnique ? label : `${label} (${lang})`, others))
  }
  return names
}
