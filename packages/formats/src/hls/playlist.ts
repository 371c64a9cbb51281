import { type Attributes, type Entry, numberOf, parseAttributes, splitPlaylist, type Tag, textOf } from './tags.ts'

export type { Attributes } from './tags.ts'

/** A playlist of renditions (RFC 8216 section 4.3.4). */
export interface MasterPlaylist {
  kind: 'master'
  version: number
  independent: boolean
  variants: { uri: string; attributes: Attributes }[]
  /** EXT-X-MEDIA. */
  media: Attributes[]
  /** EXT-X-I-FRAME-STREAM-INF. */
  iFrames: Attributes[]
}

export interface SegmentEntry {
  uri: string
  /** Null for the whole file. */
  range: ByteRange | null
  /** Seconds. */
  extinf: number
  map: { uri: string; range: ByteRange | null } | null
  /** Its times do not continue those of the segment before. */
  discontinuity: boolean
}

/** A playlist of segments (section 4.3.3). */
export interface MediaPlaylist {
  kind: 'media'
  version: number
  independent: boolean
  targetDuration: number | null
  type: string | null
  ended: boolean
  iFramesOnly: boolean
  /** Segments are encrypted as a whole, so that their boxes cannot be read. */
  encrypted: boolean
  segments: SegmentEntry[]
}

const STREAM_INF = '#EXT-X-STREAM-INF'

/** Reads a playlist of either kind. Throws `SyntaxError` when the text is neither. */
export function parsePlaylist(text: string): MasterPlaylist | MediaPlaylist {
  const { entries, rest } = splitPlaylist(text)
  const tags = [...entries.flatMap((entry) => entry.tags), ...rest]
  const isMaster = tags.some(({ name }) => name === STREAM_INF || name === '#EXT-X-MEDIA')
  const isMedia = tags.some(({ name }) => name === '#EXTINF' || name === '#EXT-X-TARGETDURATION')
  if (isMaster === isMedia) throw new SyntaxError('it is neither a master nor a media playlist')
  return isMaster ? masterPlaylist(entries, tags) : mediaPlaylist(entries, tags)
}

function masterPlaylist(entries: Entry[], tags: Tag[]): MasterPlaylist {
  const variants = entries.map((entry) => {
    const streamInf = textOf(entry.tags, STREAM_INF)
    if (streamInf === undefined) throw new SyntaxError(`${entry.uri} without ${STREAM_INF}`)
    return { uri: entry.uri, attributes: parseAttributes(streamInf) }
  })
  if (variants.length === 0) throw new SyntaxError('a master playlist without variants')
  const all = (wanted: string) => tags.filter(({ name }) => name === wanted).map(({ value }) => parseAttributes(value))
  return {
    kind: 'master',
    ...common(tags),
    variants,
    media: all('#EXT-X-MEDIA'),
    iFrames: all('#EXT-X-I-FRAME-STREAM-INF'),
  }
}

function mediaPlaylist(entries: Entry[], tags: Tag[]): MediaPlaylist {
  const ranges = new ByteRangeReader()
  let map: SegmentEntry['map'] = null
  const segments = entries.map((entry) => {
    map = mapOf(entry.tags) ?? map
    const byteRange = textOf(entry.tags, '#EXT-X-BYTERANGE')
    return {
      uri: entry.uri,
      range: byteRange === undefined ? null : ranges.next(entry.uri, byteRange),
      extinf: extinfOf(entry),
      map,
      discontinuity: textOf(entry.tags, '#EXT-X-DISCONTINUITY') !== undefined,
    }
  })
  return {
    kind: 'media',
    ...common(tags),
    targetDuration: numberOf(tags, '#EXT-X-TARGETDURATION') ?? null,
    type: textOf(tags, '#EXT-X-PLAYLIST-TYPE') ?? null,
    ended: textOf(tags, '#EXT-X-ENDLIST') !== undefined,
    iFramesOnly: textOf(tags, '#EXT-X-I-FRAMES-ONLY') !== undefined,
    encrypted: tags.some(({ name, value }) => name === '#EXT-X-KEY' && /METHOD=AES-128(,|$)/.test(value)),
    segments,
  }
}

function common(tags: Tag[]): { version: number; independent: boolean } {
  const independent = textOf(tags, '#EXT-X-INDEPENDENT-SEGMENTS') !== undefined
  return { version: numberOf(tags, '#EXT-X-VERSION') ?? 1, independent }
}

function mapOf(tags: Tag[]): SegmentEntry['map'] {
  const value = textOf(tags, '#EXT-X-MAP')
  if (value === undefined) return null
  const attributes = parseAttributes(value)
  const uri = attributes.get('URI')
  if (uri === undefined) throw new SyntaxError('EXT-X-MAP without URI')
  const byteRange = attributes.get('BYTERANGE')
  return { uri, range: byteRange === undefined ? null : new ByteRangeReader().next(uri, byteRange) }
}

function extinfOf({ uri, tags }: Entry): number {
  const [, seconds] = /^(\d+(?:\.\d+)?)(?:,|$)/.exec(textOf(tags, '#EXTINF') ?? '') ?? []
  if (seconds === undefined) throw new SyntaxError(`${uri} without a well-formed EXTINF`)
  return Number(seconds)
}

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
