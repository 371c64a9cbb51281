import { type Blank, type ByteFile, bounded, MAX_PIXELS, type WebFile, WindowedFile } from './byte-file.ts'

/** Elements of RFC 9559 (Matroska) and RFC 8794 (EBML). */
const ID = {
  ebml: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  seekHead: 0x114d9b74,
  info: 0x1549a966,
  tracks: 0x1654ae6b,
  cluster: 0x1f43b675,
  cues: 0x1c53bb6b,
  void: 0xec,
  crc: 0xbf,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  muxer: 0x4d80,
  writer: 0x5741,
  entry: 0xae,
  trackType: 0x83,
  codec: 0x86,
  codecPrivate: 0x63a2,
  name: 0x536e,
  encodings: 0x6d80,
  video: 0xe0,
  width: 0xb0,
  height: 0xba,
} as const

const CODECS: Record<number, readonly string[]> = {
  1: ['V_VP8', 'V_VP9', 'V_AV1'],
  2: ['A_OPUS', 'A_VORBIS'],
}

const WINDOW = 64 * 1024
const MAX_ELEMENTS = 5000
const MAX_READS = 400
const MAX_HEADER = 1024 * 1024
const MAX_CHILDREN = 500

interface Element {
  id: number
  start: number
  body: number
  /** Of an element of unknown size, infinite. */
  end: number
}

/**
 * A WebM file with audio and video in codecs that browsers have. Null for all others, and for what is no WebM from its first byte on.
 * Throws `RangeError` on malformed headers.
 */
export async function readWebm(bytes: ByteFile): Promise<WebFile | null> {
  const file = new WindowedFile(bytes, WINDOW)
  const header = await elementAt(file, 0)
  if (header?.id !== ID.ebml || header.end > 4096) return null
  const docType = children(await file.peek(0, header.end), header.body, header.end).find(({ id }) => id === ID.docType)
  if (!docType || textOf(await file.peek(0, header.end), docType) !== 'webm') return null
  const segment = await elementAt(file, header.end)
  if (segment?.id !== ID.segment) return null
  const end = Math.min(segment.end, file.size)

  const blanks: Blank[] = []
  let understood = end === file.size
  let tracks: ReturnType<typeof readTracks> | undefined
  let at = segment.body
  for (let elements = 0; at < end; elements += 1) {
    const element = await elementAt(file, at)
    if (!element || element.end > end || elements === MAX_ELEMENTS || file.reads > MAX_READS) {
      understood = false
      break
    }
    const { id, start, body } = element
    if (id === ID.tracks || id === ID.info) {
      if (element.end - start > MAX_HEADER) return null
      const content = await file.read(start, element.end - start)
      const local = { ...element, start: 0, body: body - start, end: content.length }
      if (id === ID.tracks) tracks = readTracks(content, local)
      blanks.push(...(id === ID.tracks ? namesIn(content, local, start) : infoIn(content, local, start)))
    } else if (id === ID.void) blanks.push({ at: body, bytes: element.end - body, head: '' })
    else if (!KEPT.has(id)) blanks.push(voided(element))
    at = element.end
  }
  if (!tracks?.playable) return null
  const kept = blanks.filter((blank) => blank.bytes > 0)
  return { contentType: 'video/webm', blanks: understood && tracks.plain ? bounded(kept) : null }
}

/** Children of the segment that players need; all others (Tags, Attachments, Chapters …) become `Void`. */
const KEPT: ReadonlySet<number> = new Set([ID.seekHead, ID.cues, ID.cluster, ID.crc])

/** An element of the same length that players skip. */
function voided({ start, end }: Pick<Element, 'start' | 'end'>): Blank {
  const bytes = end - start
  // Elements have two bytes at least. A size of one byte counts up to 126.
  if (bytes < 129) return { at: start, bytes, head: Buffer.from([ID.void, 0x80 | (bytes - 2)]).toString('hex') }
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE((1n << 56n) | BigInt(bytes - 9))
  return { at: start, bytes, head: `${ID.void.toString(16)}${size.toString('hex')}` }
}

/** Title, date, file names and ids. The names of programs must exist, and become empty. */
function infoIn(content: Buffer, info: Element, base: number): Blank[] {
  return children(content, info.body, info.end).flatMap(({ id, start, body, end }) => {
    if (id === ID.timestampScale || id === ID.duration) return []
    if (id === ID.muxer || id === ID.writer) return [{ at: base + body, bytes: end - body, head: '' }]
    return [voided({ start: base + start, end: base + end })]
  })
}

/** Names of tracks, comments of Vorbis, and the checksum, which does not fit afterwards. */
function namesIn(content: Buffer, tracks: Element, base: number): Blank[] {
  const inner = children(content, tracks.body, tracks.end)
  const fields = inner.filter(({ id }) => id === ID.entry).flatMap(({ body, end }) => children(content, body, end))
  const gone = [...inner.filter(({ id }) => id === ID.crc), ...fields.filter(({ id }) => id === ID.name)]
  const comments = fields
    .filter(({ id }) => id === ID.codecPrivate)
    .flatMap((field) => commentsIn(content, field, base))
  return [...gone.map(({ start, end }) => voided({ start: base + start, end: base + end })), ...comments]
}

/** The texts in the second header of Vorbis (Vorbis I, section 5.2.1); their lengths stay. None where there is no such header. */
function commentsIn(content: Buffer, { body, end }: Element, base: number): Blank[] {
  const header = content.subarray(body, end).indexOf('\x03vorbis', 0, 'latin1')
  if (header < 0) return []
  const texts: Blank[] = []
  let at = body + header + 7
  const skipText = () => {
    const bytes = content.readUInt32LE(at)
    if (at + 4 + bytes > end) throw new RangeError('a malformed comment')
    texts.push({ at: base + at + 4, bytes, head: '' })
    at += 4 + bytes
  }
  skipText()
  const count = content.readUInt32LE(at)
  at += 4
  if (count > MAX_CHILDREN) throw new RangeError('too many comments')
  for (let comment = 0; comment < count; comment += 1) skipText()
  return texts
}

function readTracks(content: Buffer, tracks: Element): { playable: boolean; plain: boolean } {
  const entries = children(content, tracks.body, tracks.end).filter(({ id }) => id === ID.entry)
  const read = entries.map(({ body, end }) => {
    const fields = children(content, body, end)
    const field = (id: number) => fields.find((candidate) => candidate.id === id)
    const [type, codec, video] = [field(ID.trackType), field(ID.codec), field(ID.video)]
    const kind = type ? numberAt(content, type) : 0
    const known = CODECS[kind]?.includes(codec ? textOf(content, codec) : '') ?? false
    const fits = !video || pixelsOf(content, video) <= MAX_PIXELS
    return { isMedia: CODECS[kind] !== undefined, playable: known && fits && !field(ID.encodings) }
  })
  const media = read.filter(({ isMedia }) => isMedia)
  return {
    playable: media.length > 0 && media.every(({ playable }) => playable),
    plain: media.length === read.length,
  }
}

function pixelsOf(content: Buffer, { body, end }: Element): number {
  const fields = children(content, body, end)
  const side = (id: number) =>
    fields.filter((field) => field.id === id).map((field) => numberAt(content, field))[0] ?? 0
  return side(ID.width) * side(ID.height)
}

/** An unsigned number of up to six bytes; none that is meant here has more. */
function numberAt(content: Buffer, { body, end }: Element): number {
  return content.readUIntBE(body, Math.min(6, Math.max(1, end - body)))
}

function textOf(buffer: Buffer, { body, end }: Element): string {
  return buffer.toString('latin1', body, end).replace(/\0+$/, '')
}

/** Throws `RangeError` where an element is longer than what contains it. */
function children(buffer: Buffer, from: number, to: number): Element[] {
  const found: Element[] = []
  for (let at = from; at < to; ) {
    const element = parseElement(buffer.subarray(at, to), at)
    if (!element || element.end > to || found.length === MAX_CHILDREN) throw new RangeError('a malformed element')
    found.push(element)
    at = element.end
  }
  return found
}

async function elementAt(file: WindowedFile, at: number): Promise<Element | null> {
  return parseElement(await file.peek(at, 12), at)
}

/** The header of an element at `start`; null where there is none. */
function parseElement(header: Buffer, start: number): Element | null {
  const idBytes = lengthOf(header[0])
  if (idBytes > 4 || header.length <= idBytes) return null
  const sizeBytes = lengthOf(header[idBytes])
  if (sizeBytes > 8 || header.length < idBytes + sizeBytes) return null
  const size = sizeAt(header.subarray(idBytes, idBytes + sizeBytes))
  const body = start + idBytes + sizeBytes
  return { id: header.readUIntBE(0, idBytes), start, body, end: body + size }
}

/** The number of bytes of a number that begins with this one: one more than its leading zero bits. */
function lengthOf(first = 0): number {
  return first === 0 ? 9 : Math.clz32(first) - 23
}

function sizeAt(bytes: Buffer): number {
  const bits = BigInt(7 * bytes.length)
  const value = BigInt(`0x${bytes.toString('hex')}`) & ((1n << bits) - 1n)
  return value === (1n << bits) - 1n ? Number.POSITIVE_INFINITY : Number(value)
}
