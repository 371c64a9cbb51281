import { type Box, boxesIn, innerBoxes, onlyBox, optionalBox } from './boxes.ts'
import { readVideoConfig, type VideoConfig } from './sample-entry.ts'
import { readDurations, readOffsets, readSizes, readSyncs } from './sample-table.ts'
import { assertUpright, handlerOf, timescaleOf } from './track-header.ts'

interface TrackClock {
  /** Ticks a second. */
  timescale: number
  /** Composition offset of each frame: from when it is decoded to when it is shown. */
  offsets: Int32Array
  /** The parts of the track that are shown; empty: all of it. Lengths are in ticks of the movie. */
  edits: Edit[]
  movieTimescale: number
}

/** The video track in the index of an MP4 file, in decoding order. Times are in ticks. */
export interface VideoTrack extends FrameClock {
  config: VideoConfig
  /** Bytes of each frame. */
  sizes: Uint32Array
  /** Indices of the frames that can be decoded by themselves, ascending; null: all. */
  syncs: Uint32Array | null
}

export interface FrameClock extends TrackClock {
  /** From one frame to the next, in decoding order. */
  durations: Uint32Array
}

/**
 * Reads a `moov` box. Throws `RangeError` when it is malformed and when the track is not plain: more than one video track,
 * rotated frames, two sets of parameters.
 */
export function readVideoTrack(moovFile: Buffer): VideoTrack {
  const track = onlyVideoTrack(moovFile)
  const { mvhd, trak, stbl } = track
  assertUpright(moovFile, mvhd)
  assertUpright(moovFile, onlyBox(moovFile, trak, ['tkhd']))
  const table = (type: string) => onlyBox(moovFile, stbl, [type])
  const sizes = readSizes(moovFile, table('stsz'))
  const stss = optionalBox(moovFile, stbl, ['stss'])
  return {
    config: readVideoConfig(moovFile, table('stsd')),
    durations: durationsOf(moovFile, table('stts'), sizes.length),
    sizes,
    syncs: stss ? readSyncs(moovFile, stss, sizes.length) : null,
    ...readClock(moovFile, track, sizes.length),
  }
}

/** When frames are shown, of any codec and with any durations. Throws `RangeError` as `readVideoTrack` does. */
export function readFrameClock(moovFile: Buffer): FrameClock {
  const track = onlyVideoTrack(moovFile)
  const durations = readDurations(moovFile, onlyBox(moovFile, track.stbl, ['stts']))
  return { durations, ...readClock(moovFile, track, durations.length) }
}

function durationsOf(file: Buffer, stts: Box, samples: number): Uint32Array {
  const durations = readDurations(file, stts)
  if (durations.length !== samples) throw new RangeError(`${samples} samples, and times of ${durations.length}`)
  return durations
}

interface TrackBoxes {
  mvhd: Box
  trak: Box
  stbl: Box
}

function onlyVideoTrack(file: Buffer): TrackBoxes {
  const [moov] = boxesIn(file)
  if (!moov) throw new RangeError('an empty index')
  const [trak, ...others] = innerBoxes(file, moov).filter((box) => box.type === 'trak' && isVideo(file, box))
  if (!trak || others.length > 0) throw new RangeError('not exactly one video track')
  return { mvhd: onlyBox(file, moov, ['mvhd']), trak, stbl: onlyBox(file, trak, ['mdia', 'minf', 'stbl']) }
}

function isVideo(file: Buffer, trak: Box): boolean {
  return handlerOf(file, onlyBox(file, trak, ['mdia', 'hdlr'])) === 'vide'
}

function readClock(file: Buffer, { mvhd, trak, stbl }: TrackBoxes, samples: number): TrackClock {
  const ctts = optionalBox(file, stbl, ['ctts'])
  const elst = optionalBox(file, trak, ['edts', 'elst'])
  return {
    timescale: timescaleOf(file, onlyBox(file, trak, ['mdia', 'mdhd'])),
    offsets: ctts ? readOffsets(file, ctts, samples) : new Int32Array(samples),
    edits: elst ? readEdits(file, elst) : [],
    movieTimescale: timescaleOf(file, mvhd),
  }
}

/** A stretch of a track, and for how long it is shown (ISO/IEC 14496-12 section 8.6.6). */
export interface Edit {
  /** Ticks of the movie. */
  duration: number
  /** Ticks of the track; -1: nothing is shown. */
  mediaTime: number
  /** At normal speed. */
  plain: boolean
}

/** Real files have one or two entries. */
const MAX_EDITS = 16
const PLAIN_RATE = 0x10000

/** Reads an `elst` box. Throws `RangeError` when it is malformed. */
export function readEdits(file: Buffer, { body }: Box): Edit[] {
  const long = file.readUInt8(body) === 1
  const count = file.readUInt32BE(body + 4)
  if (count > MAX_EDITS) throw new RangeError(`an edit list of ${count} entries is too long`)
  const entryBytes = long ? 20 : 12
  return Array.from({ length: count }, (_, index) => {
    const at = body + 8 + index * entryBytes
    return {
      duration: long ? Number(file.readBigUInt64BE(at)) : file.readUInt32BE(at),
      mediaTime: long ? Number(file.readBigInt64BE(at + 8)) : file.readInt32BE(at + 4),
      plain: file.readInt32BE(at + entryBytes - 4) === PLAIN_RATE,
    }
  })
}
