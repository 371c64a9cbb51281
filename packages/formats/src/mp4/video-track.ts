import { type Box, boxesIn } from '@kinora/hls-check/mp4'
import { type AvcConfig, readAvcConfig } from './avc-config.ts'
import { type Edit, readEdits } from './edit-list.ts'
import { innerBoxes, onlyBox, optionalBox } from './inner-boxes.ts'
import { readDurations, readOffsets, readSizes, readStep, readSyncs } from './sample-table.ts'

interface TrackClock {
  /** Ticks a second. */
  timescale: number
  /** When each picture is shown, counted from when it is decoded. */
  offsets: Int32Array
  /** What is shown of the track; empty: all of it. Lengths are in ticks of the movie. */
  edits: Edit[]
  movieTimescale: number
}

/** What the index of an MP4 file says of its pictures, in decoding order. Times are in ticks. */
export interface PictureTrack extends TrackClock {
  avc: AvcConfig
  /** From one picture to the next; the same for all. */
  step: number
  /** Bytes of each. */
  sizes: Uint32Array
  /** Indices of those that can be decoded by themselves, ascending; null: all. */
  syncs: Uint32Array | null
}

export interface PictureTimes extends TrackClock {
  /** From one picture to the next, in decoding order. */
  durations: Uint32Array
}

const HEADER_TIMES = { 0: { timescale: 12, matrix: 36 }, 1: { timescale: 20, matrix: 48 } } as const

/**
 * Reads a `moov` box. Throws `RangeError` for what is not well-formed and for what is not plain: more than one track of
 * pictures, pictures that are turned, two sets of parameters, no constant rate.
 */
export function readPictureTrack(moovFile: Buffer): PictureTrack {
  const pictures = onlyPictures(moovFile)
  const { mvhd, trak, stbl } = pictures
  const tkhd = onlyBox(moovFile, trak, ['tkhd'])
  assertUpright(moovFile, mvhd, HEADER_TIMES[versionOf(moovFile, mvhd)].matrix)
  // One field of 32 bits more than in `mvhd` stands before it.
  assertUpright(moovFile, tkhd, HEADER_TIMES[versionOf(moovFile, tkhd)].matrix + 4)
  const table = (type: string) => onlyBox(moovFile, stbl, [type])
  const sizes = readSizes(moovFile, table('stsz'))
  const stss = optionalBox(moovFile, stbl, ['stss'])
  return {
    avc: readAvcConfig(moovFile, table('stsd')),
    step: readStep(moovFile, table('stts'), sizes.length),
    sizes,
    syncs: stss ? readSyncs(moovFile, stss, sizes.length) : null,
    ...readClock(moovFile, pictures, sizes.length),
  }
}

/** When the pictures are shown, whatever they are. Throws `RangeError` as `readPictureTrack` does, but takes any lengths. */
export function readPictureTimes(moovFile: Buffer): PictureTimes {
  const pictures = onlyPictures(moovFile)
  const durations = readDurations(moovFile, onlyBox(moovFile, pictures.stbl, ['stts']))
  return { durations, ...readClock(moovFile, pictures, durations.length) }
}

interface PictureBoxes {
  mvhd: Box
  trak: Box
  stbl: Box
}

function onlyPictures(file: Buffer): PictureBoxes {
  const [moov] = boxesIn(file)
  if (!moov) throw new RangeError('an empty index')
  const [trak, ...others] = innerBoxes(file, moov).filter((box) => box.type === 'trak' && isPictures(file, box))
  if (!trak || others.length > 0) throw new RangeError('not one track of pictures')
  return { mvhd: onlyBox(file, moov, ['mvhd']), trak, stbl: onlyBox(file, trak, ['mdia', 'minf', 'stbl']) }
}

function readClock(file: Buffer, { mvhd, trak, stbl }: PictureBoxes, samples: number): TrackClock {
  const ctts = optionalBox(file, stbl, ['ctts'])
  const elst = optionalBox(file, trak, ['edts', 'elst'])
  return {
    timescale: timescaleOf(file, onlyBox(file, trak, ['mdia', 'mdhd'])),
    offsets: ctts ? readOffsets(file, ctts, samples) : new Int32Array(samples),
    edits: elst ? readEdits(file, elst) : [],
    movieTimescale: timescaleOf(file, mvhd),
  }
}

function isPictures(file: Buffer, trak: Box): boolean {
  const hdlr = onlyBox(file, trak, ['mdia', 'hdlr'])
  return file.toString('latin1', hdlr.body + 8, hdlr.body + 12) === 'vide'
}

function versionOf(file: Buffer, box: Box): 0 | 1 {
  return file.readUInt8(box.body) === 1 ? 1 : 0
}

function timescaleOf(file: Buffer, box: Box): number {
  return file.readUInt32BE(box.body + HEADER_TIMES[versionOf(file, box)].timescale)
}

/** The matrix that leaves a picture as it is (ISO/IEC 14496-12 section 8.2.2.3). */
const UPRIGHT = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]

function assertUpright(file: Buffer, box: Box, matrix: number): void {
  const upright = UPRIGHT.every((value, index) => file.readInt32BE(box.body + matrix + 4 * index) === value)
  if (!upright) throw new RangeError('pictures that are turned')
}
