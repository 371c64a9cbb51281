import { type FileHandle, open } from 'node:fs/promises'
import { readBoxHeader } from '@kinora/hls-check/mp4'

const LONGEST_HEADER = 16
/** As many as `hasWholeBoxes` looks at. */
const MAX_BOXES = 1000
/** Twelve hours at sixty frames a second, each with its own size and offset, and the sound, have 45 MB. */
const MAX_MOOV_BYTES = 64 * 1024 * 1024

/** The index of an MP4 file, the `moov` box and nothing else; undefined where there is none, or it is larger than any honest one. */
export async function readMoov(path: string): Promise<Buffer | undefined> {
  const file = await open(path)
  try {
    const place = await findMoov(file)
    if (!place || place.size > MAX_MOOV_BYTES) return undefined
    const { buffer, bytesRead } = await file.read(Buffer.alloc(place.size), 0, place.size, place.start)
    return bytesRead === place.size ? buffer : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  } finally {
    await file.close()
  }
}

async function findMoov(file: FileHandle): Promise<{ start: number; size: number } | undefined> {
  const { size } = await file.stat()
  for (let [at, boxes] = [0, 0]; at < size && boxes < MAX_BOXES; boxes += 1) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_HEADER), 0, LONGEST_HEADER, at)
    const box = readBoxHeader(buffer.subarray(0, bytesRead), 0, at, size)
    if (box.end > size) return undefined
    if (box.type === 'moov') return { start: at, size: box.end - at }
    at = box.end
  }
  return undefined
}
