import { type Box, childrenOf, flagsOf, needBox } from './boxes.ts'
import type { SampleDefaults, Track } from './init-segment.ts'

/** The samples of one track in a `moof`. Times are in ticks of the track's timescale. */
export interface Fragment {
  trackId: number
  decodeTime: number
  samples: number
  duration: number
  /** When the earliest of its samples is shown. */
  shownAt: number
  /** The first sample can be decoded without any other sample. */
  startsWithSync: boolean
  /** Bytes of all samples. */
  bytes: number
  /** Bytes from the beginning of the `moof` to the end of the first sample: all that a decoder needs of a key frame. */
  firstSampleEnd: number
}

/** `sample_is_non_sync_sample` (section 8.8.3.1). */
const NON_SYNC = 0x10000

const TFHD = { baseDataOffset: 0x1, descriptionIndex: 0x2, duration: 0x8, size: 0x10, flags: 0x20 } as const
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, offset: 0x800 } as const

/**
 * Hours of audio. Samples without values of their own take no bytes, so the length of the file does not limit their
 * number.
 */
const MAX_SAMPLES = 1_000_000

/** Reads a `moof` box. Throws `RangeError` when it is malformed or names a track that is not initialised. */
export function readFragments(buffer: Buffer, moof: Box, tracks: readonly Track[]): Fragment[] {
  return childrenOf(buffer, moof, 'traf').map((traf) => readFragment(buffer, traf, tracks))
}

function readFragment(buffer: Buffer, traf: Box, tracks: readonly Track[]): Fragment {
  const tfhd = needBox(buffer, ['tfhd'], traf)
  const trackId = buffer.readUInt32BE(tfhd.body + 4)
  const track = tracks.find(({ id }) => id === trackId)
  if (!track) throw new RangeError('a fragment of a track that is not initialised')
  const defaults = readTfhd(buffer, tfhd, track.defaults)
  const decodeTime = readTfdt(buffer, needBox(buffer, ['tfdt'], traf))
  const fragment = {
    ...{ trackId, decodeTime, samples: 0, duration: 0, shownAt: Number.POSITIVE_INFINITY },
    ...{ startsWithSync: false, bytes: 0, firstSampleEnd: 0 },
  }
  for (const trun of childrenOf(buffer, traf, 'trun')) addRun(buffer, trun, defaults, fragment)
  return fragment
}

function readTfhd(buffer: Buffer, box: Box, track: SampleDefaults): SampleDefaults {
  const flags = flagsOf(buffer, box)
  let at = box.body + 8
  if (flags & TFHD.baseDataOffset) at += 8
  if (flags & TFHD.descriptionIndex) at += 4
  const next = (bit: number, otherwise: number): number => {
    if (!(flags & bit)) return otherwise
    at += 4
    return buffer.readUInt32BE(at - 4)
  }
  // In the order of the specification (section 8.8.7).
  const duration = next(TFHD.duration, track.duration)
  const size = next(TFHD.size, track.size)
  return { duration, size, flags: next(TFHD.flags, track.flags) }
}

function readTfdt(buffer: Buffer, box: Box): number {
  const version = buffer.readUInt8(box.body)
  return version === 1 ? Number(buffer.readBigUInt64BE(box.body + 4)) : buffer.readUInt32BE(box.body + 4)
}

function addRun(buffer: Buffer, box: Box, defaults: SampleDefaults, fragment: Fragment): void {
  const flags = flagsOf(buffer, box)
  const count = buffer.readUInt32BE(box.body + 4)
  if (count > MAX_SAMPLES) throw new RangeError(`a run of ${count} samples`)
  let at = box.body + 8
  // Counted from the `moof` (`default-base-is-moof`, section 8.8.7).
  const dataOffset = flags & TRUN.dataOffset ? buffer.readInt32BE(at) : 0
  if (flags & TRUN.dataOffset) at += 4
  const firstFlags = flags & TRUN.firstFlags ? buffer.readUInt32BE(at) : undefined
  if (firstFlags !== undefined) at += 4
  const next = (bit: number, otherwise: number): number => {
    if (!(flags & bit)) return otherwise
    at += 4
    return buffer.readUInt32BE(at - 4)
  }
  for (let sample = 0; sample < count; sample += 1) {
    const decoded = fragment.decodeTime + fragment.duration
    fragment.duration += next(TRUN.duration, defaults.duration)
    fragment.bytes += next(TRUN.size, defaults.size)
    const sampleFlags = next(TRUN.flags, defaults.flags)
    // Signed in version 1, and by writers that set version 0 as well.
    fragment.shownAt = Math.min(fragment.shownAt, decoded + (next(TRUN.offset, 0) | 0))
    if (fragment.samples === 0) {
      fragment.startsWithSync = ((firstFlags ?? sampleFlags) & NON_SYNC) === 0
      fragment.firstSampleEnd = dataOffset + fragment.bytes
    }
    fragment.samples += 1
  }
}
