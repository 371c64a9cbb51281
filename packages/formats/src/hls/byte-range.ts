/** Offset of the first byte, and of the byte after the last. */
export interface ByteRange {
  start: number
  end: number
}

/** Reads the EXT-X-BYTERANGE tags of one playlist in order (RFC 8216 section 4.3.2.2). */
export class ByteRangeReader {
  #last: { uri: string; end: number } | undefined

  /**
   * Reads `<length>[@<offset>]`. Without an offset, the range follows the previous one in the same file. Throws
   * `SyntaxError`.
   */
  next(uri: string, text: string): ByteRange {
    const [, length, offset] = /^(\d{1,15})(?:@(\d{1,15}))?$/.exec(text) ?? []
    if (length === undefined) throw new SyntaxError(`${text} is not a byte range`)
    const follows = this.#last?.uri === uri ? this.#last.end : undefined
    const start = offset === undefined ? follows : Number(offset)
    if (start === undefined) throw new SyntaxError(`the byte range ${text} follows none in the same file`)
    const range = { start, end: start + Number(length) }
    this.#last = { uri, end: range.end }
    return range
  }
}
