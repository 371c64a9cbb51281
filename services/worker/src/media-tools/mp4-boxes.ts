import { open } from 'node:fs/promises'

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

/** Bytes `start` to `end` (excluded) of a file; fewer where the file ends. */
export type ReadBytes = (start: number, end: number) => Promise<Buffer>

const LONGEST_HEADER = 16

/** Boxes of one level inside `buffer[from, to)`. Throws `RangeError` on a size that cannot be. */
export function* boxesIn(buffer: Buffer, from = 0, to = buffer.length): Generator<Box> {
  for (let at = from; at < to; ) {
    const box = parseHeader(buffer, at, at, to)
    if (box.end > to) throw new RangeError(`the ${box.type} box is longer than what contains it`)
    yield box
    at = box.end
  }
}

/** The first box of that path, such as `['moov', 'trak', 'mdia']`. */
export function findBox(buffer: Buffer, path: string[], within?: Box): Box | undefined {
  const [type, ...rest] = path
  for (const box of boxesIn(buffer, within?.body ?? 0, within?.end ?? buffer.length)) {
    if (box.type === type) return rest.length === 0 ? box : findBox(buffer, rest, box)
  }
  return undefined
}

/** The top level of a file, read header by header; the last box may end beyond `size`. */
export async function* topLevelBoxes(read: ReadBytes, size: number): AsyncGenerator<Box> {
  for (let at = 0; at < size; ) {
    const box = parseHeader(await read(at, Math.min(size, at + LONGEST_HEADER)), 0, at, size)
    yield box
    at = box.end
  }
}

/** Tells whether the file is made of whole boxes to its last byte: false for one whose upload or recording was cut. */
export async function hasWholeBoxes(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const read: ReadBytes = async (start, end) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start)
      return buffer.subarray(0, bytesRead)
    }
    for await (const box of topLevelBoxes(read, size)) if (box.end > size) return false
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  } finally {
    await file.close()
  }
}

function parseHeader(buffer: Buffer, offset: number, start: number, limit: number): Box {
  const short = buffer.readUInt32BE(offset)
  const type = buffer.toString('latin1', offset + 4, offset + 8)
  const header = short === 1 ? 16 : 8
  const size = short === 1 ? Number(buffer.readBigUInt64BE(offset + 8)) : short === 0 ? limit - start : short
  if (size < header) throw new RangeError(`a box of ${size} bytes`)
  return { type, start, body: start + header, end: start + size }
}
