/** A file of which ranges are read. */
export interface ByteFile {
  size: number
  /** These bytes, of which all exist. */
  read(start: number, bytes: number): Promise<Buffer>
}

/** Bytes of a file that are served as others: `head`, in hex, and zeros after it. */
export interface Blank {
  at: number
  bytes: number
  head: string
}

/** What browsers play of a file. */
export interface WebFile {
  contentType: 'video/mp4' | 'video/webm'
  /**
   * What must be blanked so that only frames, audio and their description are left, in ascending order. Null: more than that is
   * in the file, or it was not understood to its end.
   */
  blanks: Blank[] | null
}

/** Of one frame: more than a worker decodes by default, and many times what screens show. */
export const MAX_PIXELS = 8192 * 4320

/** Many times what a file of one video and one audio track has. */
const MAX_BLANKS = 500

/** In ascending order; null where there are too many. */
export function bounded(blanks: Blank[]): Blank[] | null {
  return blanks.length > MAX_BLANKS ? null : blanks.sort((a, b) => a.at - b.at)
}

/** Reads headers one after another without a read for each. */
export class WindowedFile {
  readonly #file: ByteFile
  readonly #window: number
  #start = 0
  #bytes: Buffer = Buffer.alloc(0)
  #reads = 0

  constructor(file: ByteFile, window: number) {
    this.#file = file
    this.#window = window
  }

  get size(): number {
    return this.#file.size
  }

  /** How often the file was read. */
  get reads(): number {
    return this.#reads
  }

  /** These bytes, or fewer at the end of the file. */
  async peek(start: number, bytes: number): Promise<Buffer> {
    const end = Math.min(this.size, start + bytes)
    if (start < this.#start || end > this.#start + this.#bytes.length) {
      this.#bytes = await this.#file.read(start, Math.min(this.#window, this.size - start))
      this.#start = start
      this.#reads += 1
    }
    return this.#bytes.subarray(start - this.#start, end - this.#start)
  }

  async read(start: number, bytes: number): Promise<Buffer> {
    this.#reads += 1
    return await this.#file.read(start, bytes)
  }
}

/** Replaces those of these bytes, which begin at `start` of the file, that are to be blank. Changes the buffer. */
export function blankOut(bytes: Buffer, start: number, blanks: readonly Blank[]): Buffer {
  const end = start + bytes.length
  for (const { at, bytes: length, head } of blanks) {
    if (at >= end || at + length <= start) continue
    bytes.fill(0, Math.max(0, at - start), Math.min(bytes.length, at + length - start))
    Buffer.from(head, 'hex').forEach((byte, index) => {
      const place = at + index - start
      if (place >= 0 && place < bytes.length) bytes[place] = byte
    })
  }
  return bytes
}
