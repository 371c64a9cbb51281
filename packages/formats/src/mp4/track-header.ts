import type { Box } from './boxes.ts'

/** Ticks a second, from an `mvhd` or `mdhd` box. */
export function timescaleOf(buffer: Buffer, header: Box): number {
  return buffer.readUInt32BE(afterTimes(buffer, header))
}

/** The track's id, from a `tkhd` box. */
export function trackIdOf(buffer: Buffer, tkhd: Box): number {
  return buffer.readUInt32BE(afterTimes(buffer, tkhd))
}

/** The kind of a track, such as `vide` or `soun`, from an `hdlr` box (ISO/IEC 14496-12 section 8.4.3). */
export function handlerOf(buffer: Buffer, hdlr: Box): string {
  return buffer.toString('latin1', hdlr.body + 8, hdlr.body + 12)
}

/** The matrix that leaves frames as they are (section 8.2.2.3). */
const UPRIGHT = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]

/** Throws `RangeError` when an `mvhd` or `tkhd` box rotates, mirrors or scales frames. */
export function assertUpright(buffer: Buffer, header: Box): void {
  const fields = header.type === 'tkhd' ? 8 : 4
  const duration = isLong(buffer, header) ? 8 : 4
  const matrix = afterTimes(buffer, header) + fields + duration + 16
  const upright = UPRIGHT.every((value, index) => buffer.readInt32BE(matrix + 4 * index) === value)
  if (!upright) throw new RangeError('frames that are rotated')
}

/** Where the field after version, flags and two times begins in `mvhd`, `tkhd` and `mdhd`. */
function afterTimes(buffer: Buffer, header: Box): number {
  return header.body + (isLong(buffer, header) ? 20 : 12)
}

/** In version 1, times and durations have 64 bits. */
function isLong(buffer: Buffer, header: Box): boolean {
  return buffer.readUInt8(header.body) === 1
}
