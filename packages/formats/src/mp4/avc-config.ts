import type { Box } from '@kinora/hls-check/mp4'
import { innerBoxes } from './inner-boxes.ts'

/** What a sample entry says of an H.264 stream (ISO/IEC 14496-15 section 5.3.3.1). */
export interface AvcConfig {
  profile: number
  /** The byte of constraint flags, the first one highest. */
  constraints: number
  /** Ten times the level. */
  level: number
  /** Sequence parameter sets. */
  sequences: number
  /** Bytes of the length before each NAL unit. */
  lengthBytes: number
}

/** Version, flags and the number of entries. */
const STSD_HEAD = 8
/** ISO/IEC 14496-12 section 12.1.3. */
const VISUAL_ENTRY = 78

/** Reads an `stsd` box. Throws `RangeError` unless its only entry is `avc1`, whose parameter sets stand in it alone. */
export function readAvcConfig(buffer: Buffer, stsd: Box): AvcConfig {
  const [entry, ...others] = innerBoxes(buffer, stsd, STSD_HEAD)
  if (entry?.type !== 'avc1' || others.length > 0) throw new RangeError('not one entry of avc1')
  const [avcC] = innerBoxes(buffer, entry, VISUAL_ENTRY).filter(({ type }) => type === 'avcC')
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
