import { type Box, boxesIn, childrenOf, needBox } from './boxes.ts'
import { codecsOf } from './codecs.ts'

/** What samples are that say nothing themselves (ISO/IEC 14496-12 section 8.8.3). */
export interface SampleDefaults {
  duration: number
  size: number
  flags: number
}

export interface Track {
  id: number
  kind: 'video' | 'audio' | 'other'
  /** Ticks a second. */
  timescale: number
  /** RFC 6381; of codecs whose parameters are not read here only the sample entry's four letters. */
  codecs: string
  defaults: SampleDefaults
}

export interface InitSegment {
  /** At least one. */
  tracks: Track[]
}

/** Reads an initialisation segment. Throws `RangeError` when it is none. */
export function readInitSegment(buffer: Buffer): InitSegment {
  const moov = needBox(buffer, ['moov'])
  const mvex = needBox(buffer, ['mvex'], moov)
  const defaults = new Map(childrenOf(buffer, mvex, 'trex').map((trex) => readTrex(buffer, trex)))
  const tracks = childrenOf(buffer, moov, 'trak').map((trak) => readTrack(buffer, trak, defaults))
  if (tracks.length === 0) throw new RangeError('an initialisation without tracks')
  return { tracks }
}

/** The track that decides where segments are cut: the pictures, or what there is without any. */
export function mainTrack({ tracks }: InitSegment): Track {
  return (tracks.find(({ kind }) => kind === 'video') ?? tracks[0]) as Track
}

function readTrack(buffer: Buffer, trak: Box, defaults: Map<number, SampleDefaults>): Track {
  const tkhd = needBox(buffer, ['tkhd'], trak)
  const mdia = needBox(buffer, ['mdia'], trak)
  const mdhd = needBox(buffer, ['mdhd'], mdia)
  const hdlr = needBox(buffer, ['hdlr'], mdia)
  const stsd = needBox(buffer, ['minf', 'stbl', 'stsd'], mdia)
  const [entry] = boxesIn(buffer, stsd.body + 8, stsd.end)
  if (!entry) throw new RangeError('a track without sample entry')
  const id = buffer.readUInt32BE(tkhd.body + timesBytes(buffer, tkhd))
  const trackDefaults = defaults.get(id)
  if (!trackDefaults) throw new RangeError('a track without trex box')
  const kind = KINDS[buffer.toString('latin1', hdlr.body + 8, hdlr.body + 12)] ?? 'other'
  const timescale = buffer.readUInt32BE(mdhd.body + timesBytes(buffer, mdhd))
  return { id, kind, timescale, codecs: codecsOf(buffer, entry, kind), defaults: trackDefaults }
}

const KINDS: Record<string, Track['kind']> = { vide: 'video', soun: 'audio' }

/** Version, flags and two times come first in `tkhd` and `mdhd`; version 1 has times of 64 bits. */
function timesBytes(buffer: Buffer, box: Box): number {
  return buffer.readUInt8(box.body) === 1 ? 20 : 12
}

function readTrex(buffer: Buffer, trex: Box): [number, SampleDefaults] {
  const field = (index: number) => buffer.readUInt32BE(trex.body + 4 + index * 4)
  return [field(0), { duration: field(2), size: field(3), flags: field(4) }]
}
