import { open } from 'node:fs/promises'
import { boxesInFile } from '@kinora/formats/mp4'

/** More than the index of twelve hours at sixty frames a second with audio, which has 45 MB. */
const MAX_MOOV_BYTES = 64 * 1024 * 1024

/** The index of an MP4 file: its `moov` box alone. Undefined when it is missing, or larger than any honest one. */
export async function readMoov(path: string): Promise<Buffer | undefined> {
  const file = await open(path)
  try {
    for await (const { type, start, end } of boxesInFile(file)) {
      if (type !== 'moov') continue
      const size = end - start
      if (size > MAX_MOOV_BYTES) return undefined
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, start)
      return bytesRead === size ? buffer : undefined
    }
    return undefined
  } catch (error) {
    return undefinedIfMalformed(error)
  } finally {
    await file.close()
  }
}

/**
 * Whether the index lists all frames of the file. False for a file that is cut off, for one with fragments, of which the
 * index may list the first frames, and for one with very many boxes; their frames are then counted one by one.
 */
export async function hasCompleteIndex(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    for await (const { type } of boxesInFile(file)) if (type === 'moof') return false
    return true
  } catch (error) {
    return undefinedIfMalformed(error) ?? false
  } finally {
    await file.close()
  }
}

/** For callers that take a malformed file for one without an index. */
function undefinedIfMalformed(error: unknown): undefined {
  if (error instanceof RangeError) return undefined
  throw error
}
