import { open } from 'node:fs/promises'
import { readBoxHeader } from '@kinora/hls-check/mp4'

const LONGEST_HEADER = 16

/** Tells whether the file is made of whole boxes to its last byte: false for one whose upload or recording was cut. */
export async function hasWholeBoxes(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    for (let at = 0; at < size; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_HEADER), 0, LONGEST_HEADER, at)
      const box = readBoxHeader(buffer.subarray(0, bytesRead), 0, at, size)
      if (box.end > size) return false
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
