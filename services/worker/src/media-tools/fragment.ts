import { type Box, boxesIn, findBox } from './mp4-boxes.ts'

/** What a `moof` says about the one track of a segment. Times are in ticks of the track's timescale. */
export interface Fragment {
  decodeTime: number
  samples: number
  duration: number
  /** The first sample can be decoded without any other. */
  startsWithSync: boolean
  /** Bytes of all samples. */
  bytes: number
  /** Bytes from the beginning of the `moof` to the end of the first sample: all that a decoder needs of a key frame. */
  firstSampleEnd: number
}

/** Defaults for samples that say nothing themselves (ISO/IEC 14496-12 section 8.8.3). */
export interface SampleDefaults {
  duration: number
  size: number
  flags: number
}

/** `sample_is_non_sync_sample` (section 8.8.3.1). */
const NON_SYNC = 0x10000

const TFHD = { baseDataOffset: 0x1, descriptionIndex: 0x2, duration: 0x8, size: 0x10, flags: 0x20 } as const
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, offset: 0x800 } as const

/** Reads a whole `moof` box that stands at `buffer[moof.start]`. Throws `RangeError` when it is not well-formed. */
export function readFragment(buffer: Buffer, moof: Box, trackDefaults: SampleDefaults): Fragment {
  const tracks = [...boxesIn(buffer, moof.body, moof.end)].filter(({ type }) => type === 'traf')
  const [traf] = tracks
  if (!traf || tracks.length > 1) throw new RangeError('a fragment needs exactly one track')
  const tfhd = findBox(buffer, ['tfhd'], traf)
  const tfdt = findBox(buffer, ['tfdt'], traf)
  if (!tfhd || !tfdt) throw new RangeError('a fragment without tfhd or tfdt')

  const defaults = readTfhd(buffer, tfhd, trackDefaults)
  const fragment: Fragment = {
    decodeTime: readTfdt(buffer, tfdt),
    samples: 0,
    duration: 0,
    startsWithSync: false,
    bytes: 0,
    firstSampleEnd: 0,
  }
  for (const trun of boxesIn(buffer, traf.body, traf.end)) {
    if (trun.type === 'trun') addRun(buffer, trun, defaults, fragment)
  }
  return fragment
}

function readTfhd(buffer: Buffer, box: Box, track: SampleDefaults): SampleDefaults {
  const flags = fullBoxFlags(buffer, box)
  let at = box.body + 8
  if (flags & TFHD.baseDataOffset) at += 8
  if (flags & TFHD.descriptionIndex) at += 4
  const next = (bit: number, otherwise: number): number => {
    if (!(flags & bit)) return otherwise
    at += 4
    return buffer.readUInt32BE(at - 4)
  }
  // The order of the fields is that of the specification (section 8.8.7).
  const duration = next(TFHD.duration, track.duration)
  const size = next(TFHD.size, track.size)
  return { duration, size, flags: next(TFHD.flags, track.flags) }
}

function readTfdt(buffer: Buffer, box: Box): number {
  const version = buffer.readUInt8(box.body)
  return version === 1 ? Number(buffer.readBigUInt64BE(box.body + 4)) : buffer.readUInt32BE(box.body + 4)
}

function addRun(buffer: Buffer, box: Box, defaults: SampleDefaults, fragment: Fragment): void {
  const flags = fullBoxFlags(buffer, box)
  const count = buffer.readUInt32BE(box.body + 4)
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
    fragment.duration += next(TRUN.duration, defaults.duration)
    fragment.bytes += next(TRUN.size, defaults.size)
    const sampleFlags = next(TRUN.flags, defaults.flags)
    next(TRUN.offset, 0)
    if (fragment.samples === 0) {
      fragment.startsWithSync = ((firstFlags ?? sampleFlags) & NON_SYNC) === 0
      fragment.firstSampleEnd = dataOffset + fragment.bytes
    }
    fragment.samples += 1
  }
}

function fullBoxFlags(buffer: Buffer, box: Box): number {
  return buffer.readUIntBE(box.body + 1, 3)
}
