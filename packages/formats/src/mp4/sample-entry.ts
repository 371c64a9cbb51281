import { type Box, boxesIn, childrenOf, findBox, innerBoxes, needBox } from './boxes.ts'

/** Bytes of an `stsd` box before its entries: version, flags and the number of entries. */
export const STSD_HEADER = 8

/** Bytes of a sample entry before its own boxes: ISO/IEC 14496-12 sections 12.1.3 and 12.2.3. */
export const ENTRY_FIELDS = { video: 78, audio: 28, other: 8 }

interface StreamConfig {
  profile: number
  /** Number of sequence parameter sets. */
  sequences: number
  /** Bytes of the length before each NAL unit. */
  lengthBytes: number
}

/** The description of an H.264 stream in its sample entry (ISO/IEC 14496-15 section 5.3.3.1). */
export interface AvcConfig extends StreamConfig {
  codec: 'h264'
  /** The byte of constraint flags, the first flag in the highest bit. */
  constraints: number
  /** Ten times the level. */
  level: number
}

/** The same of an HEVC stream (section 8.3.3.1). */
export interface HevcConfig extends StreamConfig {
  codec: 'hevc'
  highTier: boolean
  /** Thirty times the level. */
  level: number
}

export type VideoConfig = AvcConfig | HevcConfig

/**
 * Reads an `stsd` box. Throws `RangeError` unless it has a single entry of H.264 or HEVC. `avc1` and `hvc1` have all parameter
 * sets there, `hev1` may have others among its frames.
 */
export function readVideoConfig(buffer: Buffer, stsd: Box): VideoConfig {
  const [entry, ...others] = innerBoxes(buffer, stsd, STSD_HEADER)
  if (!entry || others.length > 0) throw new RangeError('not exactly one sample entry')
  const boxes = innerBoxes(buffer, entry, ENTRY_FIELDS.video)
  const config = (name: string) => boxes.find(({ type }) => type === name)
  const [avcC, hvcC] = [config('avcC'), config('hvcC')]
  if (entry.type === 'avc1' && avcC) return readAvcConfig(buffer, avcC)
  if ((entry.type === 'hvc1' || entry.type === 'hev1') && hvcC) return readHevcConfig(buffer, hvcC)
  throw new RangeError(`${entry.type} is neither H.264 nor HEVC with its parameters`)
}

function readAvcConfig(buffer: Buffer, { body }: Box): AvcConfig {
  const at = (index: number) => buffer.readUInt8(body + index)
  return {
    codec: 'h264',
    profile: at(1),
    constraints: at(2),
    level: at(3),
    lengthBytes: (at(4) & 3) + 1,
    sequences: at(5) & 0x1f,
  }
}

/** Type of the NAL units that are sequence parameter sets (ITU-T H.265 table 7-1). */
const HEVC_SEQUENCE = 33

function readHevcConfig(buffer: Buffer, { body, end }: Box): HevcConfig {
  const at = (index: number) => buffer.readUInt8(body + index)
  let sequences = 0
  let next = body + 23
  for (let array = 0; array < at(22); array += 1) {
    const units = buffer.readUInt16BE(next + 1)
    if ((buffer.readUInt8(next) & 0x3f) === HEVC_SEQUENCE) sequences += units
    next += 3
    for (let unit = 0; unit < units; unit += 1) {
      next += 2 + buffer.readUInt16BE(next)
      if (next > end) throw new RangeError('a malformed hvcC box')
    }
  }
  return {
    codec: 'hevc',
    profile: at(1) & 0x1f,
    highTier: (at(1) & 0x20) !== 0,
    level: at(12),
    lengthBytes: (at(21) & 3) + 1,
    sequences,
  }
}

/** The codec of a sample entry as RFC 6381 names it. Parameters are read for H.264, HEVC and AAC; other codecs are only named. */
export function codecsOf(buffer: Buffer, entry: Box, kind: keyof typeof ENTRY_FIELDS): string {
  const inside = { ...entry, body: entry.body + ENTRY_FIELDS[kind] }
  const format = formatOf(buffer, entry.type, inside)
  if (format === 'avc1' || format === 'avc3') return avcCodecs(buffer, format, inside)
  if (format === 'hvc1' || format === 'hev1') return hevcCodecs(buffer, format, inside)
  return format === 'mp4a' ? mp4aCodecs(buffer, inside) : format
}

/** `frma` keeps the original format of an encrypted track (section 8.12.3). */
function formatOf(buffer: Buffer, type: string, inside: Box): string {
  if (type !== 'encv' && type !== 'enca') return type
  const frma = needBox(buffer, ['sinf', 'frma'], inside)
  return buffer.toString('latin1', frma.body, frma.body + 4)
}

/** `avc1.PPCCLL`: profile, constraints and level are bytes 1 to 3 of avcC (ISO/IEC 14496-15 section 5.3.3.1). */
function avcCodecs(buffer: Buffer, format: string, inside: Box): string {
  const avcC = needBox(buffer, ['avcC'], inside)
  return `${format}.${buffer.toString('hex', avcC.body + 1, avcC.body + 4)}`
}

const PROFILE_SPACES = ['', 'A', 'B', 'C']

/**
 * `hvc1.P.C.TL.B…` (ISO/IEC 14496-15 annex E): profile with its space, compatibility flags from the last bit to the first, tier and
 * level, and the bytes of constraints up to the last that is not 0.
 */
function hevcCodecs(buffer: Buffer, format: string, inside: Box): string {
  const { body } = needBox(buffer, ['hvcC'], inside)
  const profile = buffer.readUInt8(body + 1)
  const tier = profile & 0x20 ? 'H' : 'L'
  const constraints = [...buffer.subarray(body + 6, body + 12)]
  const last = constraints.findLastIndex((byte) => byte !== 0)
  return [
    format,
    `${PROFILE_SPACES[profile >> 6]}${profile & 0x1f}`,
    reversed(buffer.readUInt32BE(body + 2))
      .toString(16)
      .toUpperCase(),
    `${tier}${buffer.readUInt8(body + 12)}`,
    ...constraints.slice(0, last + 1).map((byte) => byte.toString(16).toUpperCase()),
  ].join('.')
}

/** The 32 bits from the last to the first. */
function reversed(word: number): number {
  return Number.parseInt([...word.toString(2).padStart(32, '0')].reverse().join(''), 2)
}

const AAC = 0x40

/** `mp4a.OO.A`: object type indication, and for AAC the audio object type (ISO/IEC 14496-1 section 7.2.6.6). */
function mp4aCodecs(buffer: Buffer, inside: Box): string {
  const esds = findBox(buffer, ['esds'], inside)
  if (!esds) return 'mp4a'
  const stream = descriptorAt(buffer, esds.body + 4, 3)
  const config = descriptorAt(buffer, stream + 3 + optionalBytes(buffer, stream), 4)
  const objectType = buffer.readUInt8(config)
  if (objectType !== AAC) return `mp4a.${objectType.toString(16)}`
  // Five bits; all of them set announce six more (ISO/IEC 14496-3 section 1.6.2.1).
  const start = buffer.readUInt16BE(descriptorAt(buffer, config + 13, 5))
  const short = start >> 11
  return `mp4a.40.${short === 31 ? 32 + ((start >> 5) & 0x3f) : short}`
}

/** Where the body of the descriptor at `at` begins: after a tag, and a length in groups of seven bits. */
function descriptorAt(buffer: Buffer, at: number, tag: number): number {
  if (buffer.readUInt8(at) !== tag) throw new RangeError('a malformed esds box')
  let body = at + 1
  while (buffer.readUInt8(body) & 0x80) body += 1
  return body + 1
}

/** An elementary stream may name a stream it depends on, an address and a clock. */
function optionalBytes(buffer: Buffer, stream: number): number {
  const flags = buffer.readUInt8(stream + 2)
  const dependency = flags & 0x80 ? 2 : 0
  const address = flags & 0x40 ? 1 + buffer.readUInt8(stream + 3 + dependency) : 0
  return dependency + address + (flags & 0x20 ? 2 : 0)
}

/** Sample entries of encrypted samples: common encryption (ISO/IEC 23001-7), and those of iTunes. */
const ENCRYPTED = ['encv', 'enca', 'encs', 'enct', 'drmi', 'drms']

/** Of each track in a `moov` box, in order, whether its samples are encrypted. Throws `RangeError` on a malformed index. */
export function encryptedTracks(moovFile: Buffer): boolean[] {
  const [moov] = boxesIn(moovFile)
  if (!moov) throw new RangeError('an empty index')
  return childrenOf(moovFile, moov, 'trak').map((trak) => {
    const stsd = findBox(moovFile, ['mdia', 'minf', 'stbl', 'stsd'], trak)
    return stsd !== undefined && innerBoxes(moovFile, stsd, STSD_HEADER).some(({ type }) => ENCRYPTED.includes(type))
  })
}
