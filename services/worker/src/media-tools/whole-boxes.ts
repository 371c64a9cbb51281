import { open } from 'node:fs/promises'
import { readBoxHeader } from '@kinora/hls-check/mp4'

const LONGEST_HEADER = 16
/** Many times what a file with an index has. A few megabytes can hold a million empty ones, each of which costs a read. */
const MAX_BOXES = 1000

/**
 * Tells whether the file is made of whole boxes to its last byte, and all its frames are in its index: false for one whose
 * upload or recording was cut, for one with fragments, of which the index may have the first frames, and for one of very
 * many boxes. Their frames are then counted one by one.
 */
export async function hasWholeBoxes(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    for (let [at, boxes] = [0, 0]; at < size; boxes += 1) {
      if (boxes === MAX_BOXES) return false
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_HEADER), 0, LONGEST_HEADER, at)
      const box = readBoxHeader(buffer.subarray(0, bytesRead), 0, at, size)
      if (box.end > size || box.type === 'moof') return false
      at = box.end
    }
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  } finally {
    await file.close()
  }
}
