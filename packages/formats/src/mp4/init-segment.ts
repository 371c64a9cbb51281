import { type Box, childrenOf, findBox, innerBoxes, needBox } from './boxes.ts'
import { codecsOf, STSD_HEADER } from './sample-entry.ts'
import { handlerOf, timescaleOf, trackIdOf } from './track-header.ts'
import { readEdits } from './video-track.ts'

/** Values of samples for which a fragment gives none (ISO/IEC 14496-12 section 8.8.3). */
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
  /** RFC 6381; for codecs whose parameters are not read here, only the four letters of the sample entry. */
  codecs: string
  defaults: SampleDefaults
  /** Ticks of the track that its edit list takes from all times; 0 without one. */
  shift: number
}

export interface InitSegment {
  /** At least one. */
  tracks: Track[]
}

/** Reads an initialisation segment. Throws `RangeError` when the buffer is not one. */
export function readInitSegment(buffer: Buffer): InitSegment {
  const moov = needBox(buffer, ['moov'])
  const movieTimescale = timescaleOf(buffer, needBox(buffer, ['mvhd'], moov))
  const mvex = needBox(buffer, ['mvex'], moov)
  const defaults = new Map(childrenOf(buffer, mvex, 'trex').map((trex) => readTrex(buffer, trex)))
  const tracks = childrenOf(buffer, moov, 'trak').map((trak) => readTrack(buffer, trak, { defaults, movieTimescale }))
  if (tracks.length === 0) throw new RangeError('an initialisation segment without tracks')
  return { tracks }
}

/** The track that decides where segments are cut: the video track, or the first track when there is no video. */
export function mainTrack({ tracks }: InitSegment): Track {
  return (tracks.find(({ kind }) => kind === 'video') ?? tracks[0]) as Track
}

function readTrack(
  buffer: Buffer,
  trak: Box,
  movie: { defaults: Map<number, SampleDefaults>; movieTimescale: number },
): Track {
  const tkhd = needBox(buffer, ['tkhd'], trak)
  const mdia = needBox(buffer, ['mdia'], trak)
  const mdhd = needBox(buffer, ['mdhd'], mdia)
  const hdlr = needBox(buffer, ['hdlr'], mdia)
  const stsd = needBox(buffer, ['minf', 'stbl', 'stsd'], mdia)
  const [entry] = innerBoxes(buffer, stsd, STSD_HEADER)
  if (!entry) throw new RangeError('a track without sample entry')
  const id = trackIdOf(buffer, tkhd)
  const trackDefaults = movie.defaults.get(id)
  if (!trackDefaults) throw new RangeError('a track without trex box')
  const kind = KINDS[handlerOf(buffer, hdlr)] ?? 'other'
  const timescale = timescaleOf(buffer, mdhd)
  const shift = shiftOf(buffer, trak, timescale / movie.movieTimescale)
  return { id, kind, timescale, codecs: codecsOf(buffer, entry, kind), defaults: trackDefaults, shift }
}

/** By the first edits: nothing is shown for some time, then the track from `mediaTime` on. `scale`: its ticks in one of the movie. */
function shiftOf(buffer: Buffer, trak: Box, scale: number): number {
  const elst = findBox(buffer, ['edts', 'elst'], trak)
  if (!elst) return 0
  let shift = 0
  for (const { duration, mediaTime } of readEdits(buffer, elst)) {
    if (mediaTime !== -1) return shift + mediaTime
    shift -= duration * scale
  }
  return shift
}

const KINDS: Record<string, Track['kind']> = { vide: 'video', soun: 'audio' }

function readTrex(buffer: Buffer, trex: Box): [number, SampleDefaults] {
  const field = (index: number) => buffer.readUInt32BE(trex.body + 4 + index * 4)
  return [field(0), { duration: field(2), size: field(3), flags: field(4) }]
}
