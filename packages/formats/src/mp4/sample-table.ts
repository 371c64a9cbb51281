import type { Box } from './boxes.ts'

/** Twice the frames of twelve hours at sixty frames a second. */
const MAX_SAMPLES = 5_000_000

/**
 * Bytes of each sample, from `stsz`. Throws `RangeError` when all samples have one size, which video frames never have.
 * These readers of ISO/IEC 14496-12 sections 8.6 and 8.7 all throw `RangeError` on a malformed table.
 */
export function readSizes(file: Buffer, { body, end }: Box): Uint32Array {
  const count = file.readUInt32BE(body + 8)
  if (file.readUInt32BE(body + 4) !== 0 || count > MAX_SAMPLES || body + 12 + 4 * count > end) {
    throw new RangeError(`a table of ${count} sizes`)
  }
  return Uint32Array.from({ length: count }, (_, index) => file.readUInt32BE(body + 12 + 4 * index))
}

/** Ticks of each sample, from `stts`. */
export function readDurations(file: Buffer, stts: Box): Uint32Array {
  const runs = Array.from(entriesOf(file, stts, 8), (at) => [file.readUInt32BE(at), file.readUInt32BE(at + 4)] as const)
  const samples = runs.reduce((sum, [count]) => sum + count, 0)
  if (samples > MAX_SAMPLES) throw new RangeError(`times of ${samples} samples`)
  const durations = new Uint32Array(samples)
  let filled = 0
  for (const [count, ticks] of runs) {
    durations.fill(ticks, filled, filled + count)
    filled += count
  }
  return durations
}

/** Composition offsets, from `ctts`. By the standard, version 0 has no negative offsets, but files do have them. */
export function readOffsets(file: Buffer, ctts: Box, samples: number): Int32Array {
  const offsets = new Int32Array(samples)
  let filled = 0
  for (const at of entriesOf(file, ctts, 8)) {
    const end = filled + file.readUInt32BE(at)
    if (end > samples) throw new RangeError('more offsets than samples')
    offsets.fill(file.readInt32BE(at + 4), filled, end)
    filled = end
  }
  if (filled !== samples) throw new RangeError(`${samples} samples, and offsets of ${filled}`)
  return offsets
}

/** Indices of key frames, from `stss`, which counts from 1. */
export function readSyncs(file: Buffer, stss: Box, samples: number): Uint32Array {
  const syncs = Uint32Array.from(entriesOf(file, stss, 4), (at) => file.readUInt32BE(at) - 1)
  const ascends = syncs.every((sync, index) => sync < samples && (index === 0 || sync > (syncs[index - 1] ?? 0)))
  if (!ascends) throw new RangeError('sync samples out of order')
  return syncs
}

/** Where each entry of a table begins; the number of entries follows version and flags. */
function* entriesOf(file: Buffer, { type, body, end }: Box, bytes: number): Generator<number> {
  const count = file.readUInt32BE(body + 4)
  if (body + 8 + bytes * count > end) throw new RangeError(`${count} entries in a ${type} box`)
  for (let index = 0; index < count; index += 1) yield body + 8 + index * bytes
}
