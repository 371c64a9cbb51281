import { type Box, boxesIn, needBox } from './boxes.ts'
import { readFragments } from './fragment.ts'
import { type InitSegment, mainTrack } from './init-segment.ts'
import { readVideoConfig, type VideoConfig } from './sample-entry.ts'

/** What a media segment contains of its main track. */
export interface Segment {
  bytes: number
  /** Ticks, as `duration`. */
  decodeTime: number
  duration: number
  samples: number
  /** When the earliest of its samples is shown, before the edit list. */
  shownAt: number
  startsWithSync: boolean
  /** The first frames of fragments that begin with a key frame, in order. */
  keyFrames: KeyFrame[]
}

export interface KeyFrame {
  /** Where in the file its `moof` begins, and the bytes from there to the end of the frame. */
  offset: number
  bytes: number
  decodeTime: number
}

/** Reads the headers of a media segment, never its frames. Throws `RangeError` when it is malformed or cut off. */
export function readSegment(buffer: Buffer, init: InitSegment): Segment {
  const track = mainTrack(init)
  let segment: Segment | undefined
  let missing = 0
  for (const box of boxesIn(buffer)) {
    if (box.type === 'mdat') missing -= box.end - box.body
    if (box.type !== 'moof') continue
    for (const fragment of readFragments(buffer, box, init.tracks)) {
      missing += fragment.bytes
      if (fragment.trackId !== track.id) continue
      const { decodeTime, shownAt, startsWithSync, firstSampleEnd } = fragment
      segment ??= { bytes: buffer.length, decodeTime, duration: 0, samples: 0, shownAt, startsWithSync, keyFrames: [] }
      if (decodeTime !== segment.decodeTime + segment.duration) {
        throw new RangeError('fragments do not follow one another')
      }
      if (startsWithSync) segment.keyFrames.push({ offset: box.start, bytes: firstSampleEnd, decodeTime })
      segment.samples += fragment.samples
      segment.shownAt = Math.min(segment.shownAt, shownAt)
      segment.duration += fragment.duration
    }
  }
  if (!segment || segment.samples === 0) throw new RangeError('it has no samples of its main track')
  if (missing > 0) throw new RangeError('it has fewer bytes of samples than its headers say')
  return segment
}

/** How the NAL units of a codec are told apart by the first byte of each. */
interface UnitTypes {
  typeOf(firstByte: number): number
  /** Lowest and highest type of a slice of a frame. */
  slices: readonly [number, number]
  /** Types of slices of a frame that is decoded without any other, and after which no frame needs an earlier one. */
  keyFrames: readonly number[]
  /** Parameter sets, which belong in the sample entry only, and frames that need one before the key frame. */
  forbidden: readonly number[]
}

const UNIT_TYPES: Record<VideoConfig['codec'], UnitTypes> = {
  // ITU-T H.264 table 7-1, ISO/IEC 14496-15 section 5.3.2. 5 is an IDR frame.
  h264: { typeOf: (byte) => byte & 0x1f, slices: [1, 5], keyFrames: [5], forbidden: [7, 8, 13, 15] },
  // ITU-T H.265 table 7-1, ISO/IEC 14496-15 section 8.3.2. 8 and 9 are leading frames that are skipped after a random access.
  hevc: {
    ...{ typeOf: (byte) => (byte >> 1) & 0x3f, slices: [0, 31] },
    ...{ keyFrames: [16, 17, 18, 19, 20, 21], forbidden: [8, 9, 32, 33, 34] },
  },
}

/**
 * Reads the NAL units of a segment whose fragments should begin with key frames. Throws `RangeError` unless each fragment begins
 * with one, needs no frame before it and has no parameter sets among its frames: the flags in the headers of a file may be
 * wrong.
 */
export function assertIndependent(segment: Buffer, init: Buffer): void {
  const config = videoConfigOf(init)
  for (const box of boxesIn(segment)) {
    if (box.type === 'mdat') assertGroup(segment, box, config)
  }
}

/** The parameters of an initialisation segment of H.264 or HEVC. Throws `RangeError` as `readVideoConfig` does. */
export function videoConfigOf(init: Buffer): VideoConfig {
  return readVideoConfig(init, needBox(init, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd']))
}

function assertGroup(segment: Buffer, mdat: Box, { codec, lengthBytes }: VideoConfig): void {
  const { typeOf, slices, keyFrames, forbidden } = UNIT_TYPES[codec]
  let begun = false
  for (const firstByte of unitsOf(segment, mdat, lengthBytes)) {
    const type = typeOf(firstByte)
    if (forbidden.includes(type)) throw new RangeError(`NAL units of type ${type} among the frames`)
    if (begun || type < slices[0] || type > slices[1]) continue
    if (!keyFrames.includes(type)) throw new RangeError('a group that does not begin with a key frame')
    begun = true
  }
  if (!begun) throw new RangeError('a group without frames')
}

/** The first byte of each NAL unit. */
function* unitsOf(segment: Buffer, { body, end }: Box, lengthBytes: number): Generator<number> {
  for (let at = body; at < end; ) {
    const length = segment.readUIntBE(at, lengthBytes)
    const next = at + lengthBytes + length
    if (length === 0 || next > end) throw new RangeError('frames that are cut off')
    yield segment.readUInt8(at + lengthBytes)
    at = next
  }
}
