import type { ByteFile, WebFile } from './byte-file.ts'
import { readMp4 } from './mp4.ts'
import { readWebm } from './webm.ts'

export { type Blank, type ByteFile, blankOut, type WebFile } from './byte-file.ts'

/**
 * What browsers play of this file as it is; null where it is nothing that they play. Reads boxes and elements, a few of them, and
 * decodes nothing. It is by its content alone: a name or a type says nothing.
 */
export async function readWebFile(file: ByteFile): Promise<WebFile | null> {
  try {
    return (await readMp4(file)) ?? (await readWebm(file))
  } catch (error) {
    // Malformed, or cut off: reading beyond a buffer throws it, too.
    if (error instanceof RangeError) return null
    throw error
  }
}
