import { cutsAt, type SourceFacts, segmentGrid } from '@kinora/common/contracts'
import type { AvcConfig, HevcConfig, VideoTrack } from '@kinora/formats/mp4'
import { needsConversion } from './colour.ts'
import { TOLERANCE } from './frame-grid.ts'
import { perSecond } from './frame-rate.ts'
import type { ProbedStream } from './probe-report.ts'

type Video = SourceFacts['video']

/** How the encoded frames of a source are cut into segments. */
export interface Remuxable {
  copyable: NonNullable<Video['copyable']>
  /** The first frame of each segment. */
  cuts: number[]
}

/** Their tracks have all parameters in one place, and tell when each frame is shown. */
const CONTAINERS = /^(mov,|matroska|flv$)/

/** Formats of frames that are remuxed, by codec: H.264 as a rendition of the ladder, HEVC as an additional one. */
const PIXEL_FORMATS: Record<string, readonly string[]> = { h264: ['yuv420p'], hevc: ['yuv420p', 'yuv420p10le'] }

/** Whether ffprobe reports frames like those of a rendition, apart from their size and bit rate. */
export function looksRemuxable({ container, video }: SourceFacts, stream: ProbedStream): boolean {
  const rotated = stream.side_data_list?.some(({ rotation }) => rotation !== undefined && rotation !== 0)
  return (
    CONTAINERS.test(container) &&
    PIXEL_FORMATS[video.codec]?.includes(video.pixelFormat) === true &&
    (stream.field_order === 'progressive' || (video.codec === 'hevc' && !video.interlaced)) &&
    !video.hdr &&
    !rotated &&
    !needsConversion(video) &&
    video.width === stream.width &&
    video.height === stream.height
  )
}

/**
 * Whether the video track can be cut into segments without encoding; undefined when it cannot, or when that is not
 * certain. Decides by the index of the file alone. Of a file that is cut off, or still arrives, the index tells of all.
 */
export function remuxableTrack(track: VideoTrack, video: Video, isWhole = true): Remuxable | undefined {
  if (!isWidelyDecoded(track.config, video) || !showsAll(track)) return undefined
  const [first = 0] = track.offsets
  let decoded = 0
  const times = Float64Array.from(track.durations, (duration, index) => {
    const time = (decoded + (track.offsets[index] ?? 0) - first) / track.timescale
    decoded += duration
    return time
  })
  return remuxableFrames({ ...track, times }, video, isWhole)
}

const PROFILES: Record<string, number> = { 'Constrained Baseline': 66, Main: 77, High: 100 }
const HEVC_PROFILES: Record<string, number> = { Main: 1, 'Main 10': 2 }

/** The same for the packets of a file without an index. Its parameters are looked at once more when it is cut. */
export function remuxablePackets(
  packets: TrackFrames,
  video: Video,
  { profile = '', level = 0 }: ProbedStream,
): Remuxable | undefined {
  const config =
    video.codec === 'hevc'
      ? { codec: 'hevc' as const, profile: HEVC_PROFILES[profile] ?? 0, highTier: false, level, sequences: 1 }
      : { codec: 'h264' as const, profile: PROFILES[profile] ?? 0, constraints: ALSO_MAIN, level, sequences: 1 }
  if (!isWidelyDecoded(config, video)) return undefined
  const times = packets.times.map((time) => time - video.startTime)
  return remuxableFrames({ ...packets, times }, video, true)
}

/** The frames of a track in decoding order. */
export interface TrackFrames {
  /** When each is shown, in seconds from the beginning of the video. */
  times: Float64Array
  /** Bytes. */
  sizes: ArrayLike<number>
  /** Indices of the frames that can be decoded by themselves, ascending; null: all. */
  syncs: ArrayLike<number> | null
}

/** Each becomes a file for a moment. */
const MAX_KEY_FRAMES = 50_000

/** Each frame is shown at its own place of the grid, and all groups are closed and short enough. */
function remuxableFrames(frames: TrackFrames, video: Video, isWhole: boolean): Remuxable | undefined {
  const count = frames.times.length
  const isPart = count > video.frameCount && !isWhole
  if (count === 0 || (count !== video.frameCount && !isPart) || (video.shown?.from ?? 0) > 0) return undefined
  const keyFrames = Array.from(frames.syncs ?? frames.times.keys())
  if (keyFrames[0] !== 0 || keyFrames.length > MAX_KEY_FRAMES) return undefined
  const places = placesOf(frames.times, perSecond(video.frameRate))
  if (!places || !areClosed(places, keyFrames)) return undefined
  const cuts = cutsAt(keyFrames, count, video.frameRate)
  if (!cuts) return undefined
  const peakBitrate = peakOf(frames.sizes, cuts, { count, frameRate: video.frameRate })
  return { copyable: { peakBitrate, ...(isPart && { part: true }) }, cuts }
}

/** The place of each frame on the grid; undefined when one is between two places. */
function placesOf(times: Float64Array, rate: number): Int32Array | undefined {
  const places = new Int32Array(times.length)
  for (const [decoded, time] of times.entries()) {
    const place = Math.round(time * rate)
    // Writers of fragmented MP4 show the first frame too long; see `withSteadyStart`.
    const isEarly = decoded === 0 && place < 0
    if (!isEarly && Math.abs(time * rate - place) > TOLERANCE) return undefined
    places[decoded] = Math.max(0, place)
  }
  return places
}

/**
 * Whether each frame has a place of its own, and each group that begins with a key frame is decoded without any other: all
 * frames before its key frame are shown before it, and all others after it.
 */
function areClosed(places: Int32Array, keyFrames: readonly number[]): boolean {
  const taken = new Uint8Array(places.length)
  let [highest, group] = [-1, 0]
  for (const [decoded, place] of places.entries()) {
    if (decoded === keyFrames[group]) {
      if (highest !== decoded - 1 || place !== decoded) return false
      group += 1
    }
    if (place >= places.length || taken[place]) return false
    taken[place] = 1
    highest = Math.max(highest, place)
  }
  return group === keyFrames.length
}

/** Approximate bytes of a segment for each frame beside the frame itself: its row and its share of the header. */
const BYTES_BESIDE = 24

/** Bits a second of the largest segment. One shorter than half a usual one counts as half: so short a peak does no harm. */
function peakOf(
  sizes: ArrayLike<number>,
  cuts: readonly number[],
  { count, frameRate }: { count: number; frameRate: Video['frameRate'] },
): number {
  const least = Math.min(segmentGrid(frameRate).segmentFrames / 2, count)
  const peaks = cuts.map((from, index) => {
    const to = cuts[index + 1] ?? count
    let bytes = 0
    for (let frame = from; frame < to; frame += 1) bytes += (sizes[frame] ?? 0) + BYTES_BESIDE
    return (bytes * 8 * perSecond(frameRate)) / Math.max(to - from, least)
  })
  return Math.ceil(peaks.reduce((peak, one) => Math.max(peak, one), 0))
}

const MAIN = 77
const HIGH = 100
const BASELINE = 66
/** `constraint_set1_flag`: baseline without the features that no player decodes (ITU-T H.264 section A.2.1). */
const ALSO_MAIN = 0x40
/** Macroblocks of the largest frame of level 4.2 (table A-1). Larger frames may have level 5.2, as their players decode it. */
const SMALL_FRAME = 8704

/** Whether all players of HLS decode such H.264, and those that know HEVC such HEVC. */
export function isWidelyDecoded(
  config: Omit<AvcConfig, 'lengthBytes'> | Omit<HevcConfig, 'lengthBytes'>,
  video: Video,
): boolean {
  if (config.codec !== video.codec || config.sequences !== 1) return false
  return config.codec === 'h264' ? isPlayedAvc(config, video) : isPlayedHevc(config)
}

function isPlayedAvc(
  { profile, constraints, level }: Omit<AvcConfig, 'lengthBytes'>,
  { width, height }: Video,
): boolean {
  const knownProfile = profile === MAIN || profile === HIGH || (profile === BASELINE && (constraints & ALSO_MAIN) !== 0)
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16)
  return knownProfile && level <= (macroblocks <= SMALL_FRAME ? 42 : 52)
}

/** Main and Main 10 (ITU-T H.265 section A.3) up to level 5.1, which has 2160p at 60 frames a second. */
function isPlayedHevc({ profile, highTier, level }: Omit<HevcConfig, 'lengthBytes'>): boolean {
  return (profile === 1 || profile === 2) && !highTier && level <= 153
}

/** There is no edit list, or it only sets when the first frame is shown, as in files with B-frames. */
function showsAll({ edits, offsets, durations, timescale, movieTimescale }: VideoTrack): boolean {
  const shown = edits.filter(({ mediaTime }) => mediaTime !== -1)
  const [edit] = shown
  if (!edit) return edits.length === 0
  const ticks = durations.reduce((sum, duration) => sum + duration, 0)
  const isLast = edits.at(-1) === edit && shown.length === 1
  const lasts = edit.duration / movieTimescale > (ticks - 0.5 * (durations.at(-1) ?? 0)) / timescale
  return isLast && edit.plain && edit.mediaTime === offsets[0] && lasts
}
