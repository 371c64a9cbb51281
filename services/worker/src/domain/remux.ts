import { type SourceFacts, segmentGrid } from '@kinora/common/contracts'
import { needsConversion } from '../colour.ts'
import type { ProbedStream } from '../probe-source.ts'
import type { AvcConfig } from './avc-config.ts'
import { hasClosedGroups } from './closed-groups.ts'
import { type PictureTrack, readPictureTrack } from './picture-track.ts'
import { readMoov } from './read-moov.ts'

type Copyable = NonNullable<SourceFacts['video']['copyable']>
type Video = SourceFacts['video']

/**
 * Whether the pictures of a source can be cut into segments as they are; undefined where they cannot, or where it is not
 * certain. Asks the index of the file only: nothing of the pictures is read, however long they are.
 */
export async function findCopyable(
  path: string,
  { container, video }: SourceFacts,
  stream: ProbedStream,
): Promise<Copyable | undefined> {
  if (!container.startsWith('mov,') || !isPlain(video, stream)) return undefined
  const moov = await readMoov(path)
  if (!moov) return undefined
  try {
    return copyableOf(readPictureTrack(moov), video)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** By what ffprobe says: the picture of a rendition, but for its size and bit rate. */
function isPlain(video: Video, stream: ProbedStream): boolean {
  const turned = stream.side_data_list?.some(({ rotation }) => rotation !== undefined && rotation !== 0)
  return (
    video.codec === 'h264' &&
    video.pixelFormat === 'yuv420p' &&
    stream.field_order === 'progressive' &&
    !video.hdr &&
    !video.resample &&
    !turned &&
    !needsConversion(video) &&
    video.width === stream.width &&
    video.height === stream.height
  )
}

/** By what the index says. */
export function copyableOf(track: PictureTrack, video: Video): Copyable | undefined {
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
/** `constraint_set1_flag`: baseline without what nobody decodes (ITU-T H.264 section A.2.1). */
const ALSO_MAIN = 0x40
/** Macroblocks of a picture that level 4.2 has at most (table A-1). Larger ones are for 5.2, which players of them take. */
const SMALL_FRAME = 8704

function isPlayedEverywhere({ profile, constraints, level, sequences }: AvcConfig, { width, height }: Video): boolean {
  const knownProfile = profile === MAIN || profile === HIGH || (profile === BASELINE && (constraints & ALSO_MAIN) !== 0)
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16)
  return knownProfile && level <= (macroblocks <= SMALL_FRAME ? 42 : 52) && sequences === 1
}

/** No edit list, or one that only says when the first picture is shown, as that of files with B-frames does. */
function showsAll({ edits, offsets, sizes, step, timescale, movieTimescale }: PictureTrack): boolean {
  const shown = edits.filter(({ mediaTime }) => mediaTime !== -1)
  const [edit] = shown
  if (!edit) return edits.length === 0
  const seconds = (sizes.length * step) / timescale
  const isLast = edits.at(-1) === edit && shown.length === 1
  const lasts = edit.duration / movieTimescale > seconds - (0.5 * step) / timescale
  return isLast && edit.plain && edit.mediaTime === offsets[0] && lasts
}

/** What a segment needs beside each picture, about: its row in the header, and its part of the header. */
const BYTES_BESIDE = 24

/** Bits a second of the largest segment. A last one shorter than half is taken for half: nobody notices so short a peak. */
function peakBitrate({ sizes, step, timescale }: PictureTrack, segmentFrames: number): number {
  let peak = 0
  for (let from = 0; from < sizes.length; from += segmentFrames) {
    const frames = sizes.subarray(from, from + segmentFrames)
    const bytes = frames.reduce((sum, size) => sum + size + BYTES_BESIDE, 0)
    const counted = Math.max(frames.length, Math.min(segmentFrames / 2, sizes.length))
    peak = Math.max(peak, (bytes * 8 * timescale) / (counted * step))
  }
  return Math.ceil(peak)
}
