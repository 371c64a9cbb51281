import { type Box, boxesIn, needBox } from './boxes.ts'
import { readFragments } from './fragment.ts'
import { type InitSegment, mainTrack } from './init-segment.ts'
import { type AvcConfig, readAvcConfig } from './sample-entry.ts'

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

/** Types of NAL units (ITU-T H.264 table 7-1). */
const IDR = 5
const LAST_SLICE = 5
/** Parameter sets, which `avc1` keeps in the sample entry only (ISO/IEC 14496-15 section 5.3.2). */
const PARAMETER_SETS = [7, 8, 13, 15]

/**
 * Reads the NAL units of an H.264 segment whose fragments should begin with key frames. Throws `RangeError` unless each
 * fragment begins with an IDR frame and has no parameter sets among its frames: the flags in the headers of a file may be
 * wrong.
 */
export function assertIndependent(segment: Buffer, init: Buffer): void {
  const { lengthBytes } = avcConfigOf(init)
  for (const box of boxesIn(segment)) {
    if (box.type === 'mdat') assertGroup(segment, box, lengthBytes)
  }
}

/** The parameters of an H.264 initialisation segment. Throws `RangeError` as `readAvcConfig` does. */
export function avcConfigOf(init: Buffer): AvcConfig {
  return readAvcConfig(init, needBox(init, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd']))
}

function assertGroup(segment: Buffer, mdat: Box, lengthBytes: number): void {
  let firstSlice: number | undefined
  for (const type of unitTypes(segment, mdat, lengthBytes)) {
    if (PARAMETER_SETS.includes(type)) throw new RangeError('parameter sets among the frames')
    if (type >= 1 && type <= LAST_SLICE) firstSlice ??= type
    if (firstSlice !== undefined && firstSlice !== IDR) throw new RangeError('a key frame that is not an IDR frame')
  }
  if (firstSlice === undefined) throw new RangeError('a group without frames')
}

function* unitTypes(segment: Buffer, { body, end }: Box, lengthBytes: number): Generator<number> {
  for (let at = body; at < end; ) {
    const length = segment.readUIntBE(at, lengthBytes)
    const next = at + lengthBytes + length
    if (length === 0 || next > end) throw new RangeError('frames that are cut off')
    yield segment.readUInt8(at + lengthBytes) & 0x1f
    at = next
  }
}
