import type { Box } from './boxes.ts'

/** A stretch of a track, and for how long it is shown (ISO/IEC 14496-12 section 8.6.6). */
export interface Edit {
  /** Ticks of the movie. */
  duration: number
  /** Ticks of the track; -1: nothing is shown. */
  mediaTime: number
  /** At normal speed. */
  plain: boolean
}

/** Honest lists have one or two. */
const MAX_EDITS = 16
const PLAIN_RATE = 0x10000

/** Reads an `elst` box. Throws `RangeError` when it is malformed. */
export function readEdits(file: Buffer, { body }: Box): Edit[] {
  const long = file.readUInt8(body) === 1
  const count = file.readUInt32BE(body + 4)
  if (count > MAX_EDITS) throw new RangeError(`an edit list of ${count} entries`)
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
