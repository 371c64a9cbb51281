import type { FileHandle } from 'node:fs/promises'

/**
 * A box of ISO/IEC 14496-12 (section 4.2): a size of 32 bits, a type of four letters, the content. Size 1 announces a
 * size of 64 bits after the type; size 0 means that the box reaches the end of the file.
 */
export interface Box {
  type: string
  /** Offset of the box. */
  start: number
  /** Offset of its content, after the header. */
  body: number
  /** Offset of the byte after the box; beyond the end of the file when the file was cut off. */
  end: number
}

const LONGEST_HEADER = 16
/** Far more than any box of an index, and any whole file, contains. A few megabytes can contain a million empty boxes. */
const MAX_BOXES = 1000

/** The boxes of one level inside `buffer[from, to)`. Throws `RangeError` on an impossible size. */
export function* boxesIn(buffer: Buffer, from = 0, to = buffer.length): Generator<Box> {
  for (let at = from; at < to; ) {
    const box = readHeader(buffer, at, at, to)
    if (box.end > to) throw new RangeError(`the ${box.type} box is cut off, or longer than its container`)
    yield box
    at = box.end
  }
}

/**
 * The boxes at the top level of a file of which `start` has the first bytes; the last one may reach beyond them. Ends
 * without an error at a header that is cut off or impossible.
 */
export function* boxesAtStart(start: Buffer): Generator<Box> {
  try {
    yield* boxesIn(start, 0, Number.MAX_SAFE_INTEGER)
  } catch (error) {
    // Reading behind the end of a buffer throws a RangeError, too.
    if (!(error instanceof RangeError)) throw error
  }
}

/**
 * The boxes at the top level of a file, of which only the headers are read. Throws `RangeError` on an impossible size, on
 * a box that reaches beyond the end of the file, and when there are more than `MAX_BOXES`.
 */
export async function* boxesInFile(file: FileHandle): AsyncGenerator<Box> {
  const { size } = await file.stat()
  for (let [at, boxes] = [0, 0]; at < size; boxes += 1) {
    if (boxes === MAX_BOXES) throw new RangeError(`more than ${MAX_BOXES} boxes in a file`)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_HEADER), 0, LONGEST_HEADER, at)
    const box = readHeader(buffer.subarray(0, bytesRead), 0, at, size)
    if (box.end > size) throw new RangeError(`the ${box.type} box is cut off`)
    yield box
    at = box.end
  }
}

/**
 * The boxes directly inside `parent` that begin `skip` bytes after its header. Throws `RangeError` for more than
 * `MAX_BOXES`.
 */
export function innerBoxes(buffer: Buffer, parent: Box, skip = 0): Box[] {
  const boxes: Box[] = []
  for (const box of boxesIn(buffer, parent.body + skip, parent.end)) {
    if (boxes.length === MAX_BOXES) throw new RangeError(`more than ${MAX_BOXES} boxes in a ${parent.type} box`)
    boxes.push(box)
  }
  return boxes
}

/** The boxes of this type directly inside `parent`. */
export function childrenOf(buffer: Buffer, parent: Box, type: string): Box[] {
  return innerBoxes(buffer, parent).filter((box) => box.type === type)
}

/** The first box at that path, such as `['moov', 'trak', 'mdia']`. */
export function findBox(buffer: Buffer, path: string[], within?: Box): Box | undefined {
  const [type, ...rest] = path
  for (const box of boxesIn(buffer, within?.body ?? 0, within?.end ?? buffer.length)) {
    if (box.type === type) return rest.length === 0 ? box : findBox(buffer, rest, box)
  }
  return undefined
}

/** The first box at that path. Throws `RangeError` when it is missing. */
export function needBox(buffer: Buffer, path: string[], within?: Box): Box {
  const box = findBox(buffer, path, within)
  if (!box) throw new RangeError(`there is no ${path.join('/')} box`)
  return box
}

/** The only box at that path, such as `['mdia', 'minf']`. Throws `RangeError` when it is missing, or there are several. */
export function onlyBox(buffer: Buffer, parent: Box, [type, ...rest]: string[]): Box {
  const [box, ...others] = innerBoxes(buffer, parent).filter((inner) => inner.type === type)
  if (!box || others.length > 0) throw new RangeError(`not exactly one ${type} box in a ${parent.type} box`)
  return rest.length === 0 ? box : onlyBox(buffer, box, rest)
}

/** The same for a box that may be missing. */
export function optionalBox(buffer: Buffer, parent: Box, path: string[]): Box | undefined {
  return innerBoxes(buffer, parent).some(({ type }) => type === path[0]) ? onlyBox(buffer, parent, path) : undefined
}

/** Flags of a box that has a version and flags (section 4.2). */
export function flagsOf(buffer: Buffer, box: Box): number {
  return buffer.readUIntBE(box.body + 1, 3)
}

/** Reads the header at `buffer[offset]`, of a box at `start` in a container that ends at `limit`. */
function readHeader(buffer: Buffer, offset: number, start: number, limit: number): Box {
  if (offset + 8 > buffer.length) throw new RangeError('the header of a box is cut off')
  const short = buffer.readUInt32BE(offset)
  const type = buffer.toString('latin1', offset + 4, offset + 8)
  const header = short === 1 ? 16 : 8
  const size = short === 1 ? Number(buffer.readBigUInt64BE(offset + 8)) : short === 0 ? limit - start : short
  if (size < header) throw new RangeError(`a box of ${size} bytes`)
  return { type, start, body: start + header, end: start + size }
}
