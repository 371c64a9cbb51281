import { type Box, innerBoxes } from './boxes.ts'

/** Bytes of an `stsd` box before its entries: version, flags and the number of entries. */
export const STSD_HEADER = 8

/** Bytes of a sample entry before its own boxes: ISO/IEC 14496-12 sections 12.1.3 and 12.2.3. */
export const ENTRY_FIELDS = { video: 78, audio: 28, other: 8 }

/** The description of an H.264 stream in its sample entry (ISO/IEC 14496-15 section 5.3.3.1). */
export interface AvcConfig {
  profile: number
  /** The byte of constraint flags, the first flag in the highest bit. */
  constraints: number
  /** Ten times the level. */
  level: number
  /** Number of sequence parameter sets. */
  sequences: number
  /** Bytes of the length before each NAL unit. */
  lengthBytes: number
}

/** Reads an `stsd` box. Throws `RangeError` unless its only entry is `avc1`, which has its parameter sets in `avcC`. */
export function readAvcConfig(buffer: Buffer, stsd: Box): AvcConfig {
  const [entry, ...others] = innerBoxes(buffer, stsd, STSD_HEADER)
  if (entry?.type !== 'avc1' || others.length > 0) throw new RangeError('not exactly one entry of avc1')
  const avcC = innerBoxes(buffer, entry, ENTRY_FIELDS.video).find(({ type }) => type === 'avcC')
  if (!avcC) throw new RangeError('avc1 without avcC')
  const at = (index: number) => buffer.readUInt8(avcC.body + index)
  return {
    profile: at(1),
    constraints: at(2),
    level: at(3),
    lengthBytes: (at(4) & 3) + 1,
    sequences: at(5) & 0x1f,
  }
}
