/** Boxes of ISO/IEC 14496-12 (section 4.2): 32-bit size, four letters, the rest; size 1 announces 64 bits, 0 the end. */
export interface Box {
  type: string
  /** Offset of the box. */
  start: number
  /** Offset of what follows its header. */
  body: number
  /** Offset of what follows the box; beyond the file when the file was cut off. */
  end: number
}

/** Boxes of one level inside `buffer[from, to)`. Throws `RangeError` on a size that cannot be. */
export function* boxesIn(buffer: Buffer, from = 0, to = buffer.length): Generator<Box> {
  for (let at = from; at < to; ) {
    const box = readBoxHeader(buffer, at, at, to)
    if (box.end > to) throw new RangeError(`the ${box.type} box is cut off, or longer than what contains it`)
    yield box
    at = box.end
  }
}

/** Boxes of this type right inside `parent`. */
export function childrenOf(buffer: Buffer, parent: Box, type: string): Box[] {
  return [...boxesIn(buffer, parent.body, parent.end)].filter((box) => box.type === type)
}

/** The first box of that path, such as `['moov', 'trak', 'mdia']`. */
export function findBox(buffer: Buffer, path: string[], within?: Box): Box | undefined {
  const [type, ...rest] = path
  for (const box of boxesIn(buffer, within?.body ?? 0, within?.end ?? buffer.length)) {
    if (box.type === type) return rest.length === 0 ? box : findBox(buffer, rest, box)
  }
  return undefined
}

/** The same, where it must be. Throws `RangeError` when it is missing. */
export function needBox(buffer: Buffer, path: string[], within?: Box): Box {
  const box = findBox(buffer, path, within)
  if (!box) throw new RangeError(`there is no ${path.join('/')} box`)
  return box
}

/** Reads the header at `buffer[offset]` of a box that stands at `start` of a file which ends at `limit`. */
export function readBoxHeader(buffer: Buffer, offset: number, start: number, limit: number): Box {
  const short = buffer.readUInt32BE(offset)
  const type = buffer.toString('latin1', offset + 4, offset + 8)
  const header = short === 1 ? 16 : 8
  const size = short === 1 ? Number(buffer.readBigUInt64BE(offset + 8)) : short === 0 ? limit - start : short
  if (size < header) throw new RangeError(`a box of ${size} bytes`)
  return { type, start, body: start + header, end: start + size }
}

/** Flags of a box that has a version and flags (section 4.2). */
export function flagsOf(buffer: Buffer, box: Box): number {
  return buffer.readUIntBE(box.body + 1, 3)
}
