import { type SourceFacts, segmentGrid } from '@kinora/common/contracts'
import type { AvcConfig, VideoTrack } from '@kinora/formats/mp4'
import { needsConversion } from './colour.ts'
import type { ProbedStream } from './probe-report.ts'

type Video = SourceFacts['video']
export type Remuxable = NonNullable<Video['copyable']>

/** Whether ffprobe reports frames like those of a rendition, apart from their size and bit rate. */
export function looksRemuxable({ container, video }: SourceFacts, stream: ProbedStream): boolean {
  const rotated = stream.side_data_list?.some(({ rotation }) => rotation !== undefined && rotation !== 0)
  return (
    container.startsWith('mov,') &&
    video.codec === 'h264' &&
    video.pixelFormat === 'yuv420p' &&
    stream.field_order === 'progressive' &&
    !video.shown &&
    !video.hdr &&
    !video.resample &&
    !rotated &&
    !needsConversion(video) &&
    video.width === stream.width &&
    video.height === stream.height
  )
}

/**
 * Whether the video track can be cut into segments without encoding; undefined when it cannot, or when that is not
 * certain. Decides by the index of the file alone.
 */
export function remuxableTrack(track: VideoTrack, video: Video): Remuxable | undefined {
  const { num, den } = video.frameRate
  const { gopFrames, segmentFrames } = segmentGrid(video.frameRate)
  const fits =
    isPlayedEverywhere(track.avc, video) &&
    track.sizes.length === video.frameCount &&
    track.step > 0 &&
    track.step * num === track.timescale * den &&
    showsAll(track) &&
    hasClosedGroups(track, gopFrames)
  return fits ? { peakBitrate: peakBitrate(track, segmentFrames) } : undefined
}

const MAIN = 77
const HIGH = 100
const BASELINE = 66
/** `constraint_set1_flag`: baseline without the features that no player decodes (ITU-T H.264 section A.2.1). */
const ALSO_MAIN = 0x40
/** Macroblocks of the largest frame of level 4.2 (table A-1). Larger frames may have level 5.2, as their players decode it. */
const SMALL_FRAME = 8704

function isPlayedEverywhere({ profile, constraints, level, sequences }: AvcConfig, { width, height }: Video): boolean {
  const knownProfile = profile === MAIN || profile === HIGH || (profile === BASELINE && (constraints & ALSO_MAIN) !== 0)
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16)
  return knownProfile && level <= (macroblocks <= SMALL_FRAME ? 42 : 52) && sequences === 1
}

/** There is no edit list, or it only sets when the first frame is shown, as in files with B-frames. */
function showsAll({ edits, offsets, sizes, step, timescale, movieTimescale }: VideoTrack): boolean {
  const shown = edits.filter(({ mediaTime }) => mediaTime !== -1)
  const [edit] = shown
  if (!edit) return edits.length === 0
  const seconds = (sizes.length * step) / timescale
  const isLast = edits.at(-1) === edit && shown.length === 1
  const lasts = edit.duration / movieTimescale > seconds - (0.5 * step) / timescale
  return isLast && edit.plain && edit.mediaTime === offsets[0] && lasts
}

/**
 * Whether each group of `gopFrames` begins with a key frame and is decoded without any other group: all frames that are
 * shown in a group are decoded in it, each is shown at its own time, and the first is shown first. Further key frames
 * inside a group do no harm.
 */
function hasClosedGroups({ sizes, syncs, offsets, step }: VideoTrack, gopFrames: number): boolean {
  if (!haveSyncAtEach(syncs, gopFrames, sizes.length)) return false
  const [first = 0] = offsets
  const taken = new Uint8Array(sizes.length)
  for (let decoded = 0; decoded < sizes.length; decoded += 1) {
    const shown = decoded + ((offsets[decoded] ?? 0) - first) / step
    const group = Math.floor(decoded / gopFrames)
    const isFirst = decoded === group * gopFrames
    const fits = Number.isInteger(shown) && shown < sizes.length && Math.floor(shown / gopFrames) === group
    if (!fits || taken[shown] || (isFirst && shown !== decoded)) return false
    taken[shown] = 1
  }
  return true
}

function haveSyncAtEach(syncs: VideoTrack['syncs'], gopFrames: number, samples: number): boolean {
  if (syncs === null) return true
  const onGrid = syncs.filter((sync) => sync % gopFrames === 0)
  return onGrid.length === Math.ceil(samples / gopFrames)
}

/** Approximate bytes of a segment for each frame beside the frame itself: its row and its share of the header. */
const BYTES_BESIDE = 24

/** Bits a second of the largest segment. A last segment shorter than half counts as half: so short a peak does no harm. */
function peakBitrate({ sizes, step, timescale }: VideoTrack, segmentFrames: number): number {
  let peak = 0
  for (let from = 0; from < sizes.length; from += segmentFrames) {
    const frames = sizes.subarray(from, from + segmentFrames)
    const bytes = frames.reduce((sum, size) => sum + size + BYTES_BESIDE, 0)
    const counted = Math.max(frames.length, Math.min(segmentFrames / 2, sizes.length))
    peak = Math.max(peak, (bytes * 8 * timescale) / (counted * step))
  }
  return Math.ceil(peak)
}
