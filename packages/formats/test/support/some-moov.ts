import { box, u32 } from './boxes.ts'

/** The contents of an MP4 file's index, in the file's own units. */
export interface SomeTrack {
  sizes: number[]
  /** Ticks of each frame, a thousand per second. */
  step: number
  /** Runs of lengths, in place of `step`. */
  steps?: [count: number, ticks: number][]
  /** Null: no table. */
  offsets: number[] | null
  /** From 1. Null: no table. */
  syncs: number[] | null
  /** Length in ticks of the movie, also a thousand per second, and time in the track. */
  edits: [duration: number, mediaTime: number][]
  editRate: number
  matrix: number[]
  /** Profile, constraints, level. */
  avc: [number, number, number]
  sequences: number
  format: string
  /** Number of sample entries. */
  entries: number
  /** Number of video tracks. */
  tracks: number
  /** A table whose content is replaced by these words. */
  replace?: { type: string; words: number[] }
  /** Number of additional empty boxes. */
  empties: number
}

const UPRIGHT = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]

/** Frames of ten a second, with a key frame at each `gop`. */
export function someTrack(frames: number, gop: number): SomeTrack {
  return {
    ...{ sizes: Array(frames).fill(1000), step: 100, offsets: null, edits: [], editRate: 0x10000, matrix: UPRIGHT },
    syncs: Array.from({ length: Math.ceil(frames / gop) }, (_, index) => 1 + index * gop),
    ...{ avc: [100, 0, 31], sequences: 1, format: 'avc1', entries: 1, tracks: 1, empties: 0 },
  }
}

const signed = (...values: number[]) => u32(...values.map((value) => value >>> 0))

export function moovOf(track: SomeTrack): Buffer {
  const mvhd = box('mvhd', u32(0, 0, 0, 1000, 0, 0x10000, 0, 0, 0), signed(...UPRIGHT), Buffer.alloc(28))
  const empties = Array.from({ length: track.empties }, () => box('free'))
  return box('moov', mvhd, ...Array.from({ length: track.tracks }, () => trak(track)), ...empties)
}

function trak(track: SomeTrack): Buffer {
  const tkhd = box('tkhd', u32(0, 0, 0, 1, 0, 0, 0, 0, 0, 0), signed(...track.matrix), u32(0, 0))
  const entries = track.edits.map(([duration, time]) => signed(duration, time, track.editRate))
  const edts = track.edits.length > 0 ? [box('edts', box('elst', u32(0, entries.length), ...entries))] : []
  const mdhd = box('mdhd', u32(0, 0, 0, 1000, 0, 0))
  const hdlr = box('hdlr', u32(0, 0), Buffer.from('vide'), Buffer.alloc(13))
  return box('trak', tkhd, ...edts, box('mdia', mdhd, hdlr, box('minf', sampleTable(track))))
}

function sampleTable(track: SomeTrack): Buffer {
  const { sizes, step, offsets, syncs, replace } = track
  const steps = track.steps ?? [[sizes.length, step]]
  const tables: Record<string, Buffer | undefined> = {
    stts: u32(0, steps.length, ...steps.flat()),
    ctts: offsets ? signed(0, offsets.length, ...offsets.flatMap((offset) => [1, offset])) : undefined,
    stss: syncs ? u32(0, syncs.length, ...syncs) : undefined,
    stsz: u32(0, 0, sizes.length, ...sizes),
    ...(replace && { [replace.type]: u32(...replace.words) }),
  }
  const boxes = Object.entries(tables).flatMap(([type, body]) => (body ? [box(type, body)] : []))
  return box('stbl', sampleEntries(track), ...boxes)
}

function sampleEntries({ avc, sequences, format, entries }: SomeTrack): Buffer {
  const avcC = box('avcC', Buffer.from([1, ...avc, 0xff, 0xe0 | sequences, 0, 1, 0x67, 1, 0, 1, 0x68]))
  const entry = box(format, Buffer.alloc(78), avcC)
  return box('stsd', u32(0, entries), ...Array.from({ length: entries }, () => entry))
}
