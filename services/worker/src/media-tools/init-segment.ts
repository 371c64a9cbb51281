import type { SampleDefaults } from './fragment.ts'
import { type Box, boxesIn, findBox } from './mp4-boxes.ts'

export interface InitSegment {
  kind: 'video' | 'audio'
  /** Ticks a second. */
  timescale: number
  /** RFC 6381. */
  codecs: string
  defaults: SampleDefaults
}

/** Bytes of a video sample entry before its own boxes: ISO/IEC 14496-12 section 12.1.3. */
const VIDEO_ENTRY_BYTES = 78

/** Reads an initialisation segment with one H.264 or AAC track. Throws `RangeError` when it is anything else. */
export function readInitSegment(buffer: Buffer): InitSegment {
  const media = need(findBox(buffer, ['moov', 'trak', 'mdia']), 'mdia')
  const mdhd = need(findBox(buffer, ['mdhd'], media), 'mdhd')
  const stsd = need(findBox(buffer, ['minf', 'stbl', 'stsd'], media), 'stsd')
  const [entry] = boxesIn(buffer, stsd.body + 8, stsd.end)
  const timescale = buffer.readUInt32BE(mdhd.body + (buffer.readUInt8(mdhd.body) === 1 ? 20 : 12))
  const defaults = readTrex(buffer, need(findBox(buffer, ['moov', 'mvex', 'trex']), 'trex'))
  if (entry?.type === 'avc1') return { kind: 'video', timescale, codecs: avcCodecs(buffer, entry), defaults }
  // mp4a.40.2 is AAC-LC, the only thing our audio encoder makes.
  if (entry?.type === 'mp4a') return { kind: 'audio', timescale, codecs: 'mp4a.40.2', defaults }
  throw new RangeError(`an unexpected sample entry ${entry?.type}`)
}

/** `avc1.PPCCLL`: profile, constraints and level are bytes 1 to 3 of avcC (ISO/IEC 14496-15 section 5.3.3.1). */
function avcCodecs(buffer: Buffer, entry: Box): string {
  const inside = { ...entry, body: entry.body + VIDEO_ENTRY_BYTES }
  const avcC = need(findBox(buffer, ['avcC'], inside), 'avcC')
  return `avc1.${buffer.toString('hex', avcC.body + 1, avcC.body + 4)}`
}

function readTrex(buffer: Buffer, trex: Box): SampleDefaults {
  const field = (index: number) => buffer.readUInt32BE(trex.body + 4 + index * 4)
  return { duration: field(2), size: field(3), flags: field(4) }
}

function need(box: Box | undefined, type: string): Box {
  if (!box) throw new RangeError(`there is no ${type} box`)
  return box
}
