import type { Blank } from './byte-file.ts'

export interface FileBox {
  type: string
  start: number
  body: number
  end: number
}

/** The header at `buffer[offset]` of a box at `start`; null without one. A box of size 0 reaches to `limit`. */
export function readBox(buffer: Buffer, offset: number, start: number, limit: number): FileBox | null {
  if (offset + 8 > buffer.length) return null
  const short = buffer.readUInt32BE(offset)
  if (short === 1 && offset + 16 > buffer.length) return null
  const header = short === 1 ? 16 : 8
  const size = short === 1 ? Number(buffer.readBigUInt64BE(offset + 8)) : short === 0 ? limit - start : short
  const type = buffer.toString('latin1', offset + 4, offset + 8)
  return size < header ? null : { type, start, body: start + header, end: start + size }
}

const MAX_BOXES = 500

/** The boxes between two places of a buffer. Throws `RangeError` where one is longer than that. */
export function boxesBetween(buffer: Buffer, from: number, to: number): FileBox[] {
  const boxes: FileBox[] = []
  // Real ones have a few; a few megabytes can contain a million empty boxes.
  // QuickTime ends some lists with four zero bytes.
  for (let at = from; to - at >= 8; ) {
    const box = readBox(buffer, at, at, to)
    if (!box || box.end > to || boxes.length === MAX_BOXES) throw new RangeError('a malformed box')
    boxes.push(box)
    at = box.end
  }
  return boxes
}

/**
 * What players need, by the box that it is in (ISO/IEC 14496-12). Everything else may describe the recording, its maker or its
 * place: `udta`, `meta`, `uuid`, and what devices call as they like.
 */
const NEEDED: Record<string, readonly string[]> = {
  moov: ['mvhd', 'trak', 'mvex'],
  trak: ['tkhd', 'edts', 'tref', 'mdia'],
  edts: ['elst'],
  mdia: ['mdhd', 'hdlr', 'minf'],
  minf: ['vmhd', 'smhd', 'hdlr', 'dinf', 'stbl'],
  dinf: ['dref'],
  dref: ['url ', 'alis'],
  stbl: ['stsd', 'stts', 'ctts', 'cslg', 'stsc', 'stsz', 'stz2', 'stco', 'co64', 'stss', 'sdtp', 'sbgp', 'sgpd'],
  mvex: ['mehd', 'trex'],
  moof: ['mfhd', 'traf'],
  traf: ['tfhd', 'tfdt', 'trun', 'sdtp', 'sbgp', 'sgpd'],
  // Sample entries.
  avc1: ['avcC', 'colr', 'pasp', 'clap', 'btrt', 'fiel', 'chrm', 'gama'],
  vp08: ['vpcC', 'colr', 'pasp', 'clap', 'btrt'],
  vp09: ['vpcC', 'colr', 'pasp', 'clap', 'btrt', 'SmDm', 'CoLL', 'mdcv', 'clli'],
  av01: ['av1C', 'colr', 'pasp', 'clap', 'btrt', 'mdcv', 'clli'],
  mp4a: ['esds', 'wave', 'chan', 'btrt'],
  Opus: ['dOps', 'btrt'],
}

/** Bytes of a box before those that it contains. */
const FIELDS: Record<string, number> = { dref: 8, stsd: 8 }

/** Where the boxes in a sample entry begin, after its fixed fields. */
export function entryBody(buffer: Buffer, { type, body }: FileBox): number {
  if (type !== 'mp4a' && type !== 'Opus') return body + 78
  // QuickTime, sound sample descriptions of version 1 and 2.
  const version = buffer.readUInt16BE(body + 8)
  return body + 28 + (version === 1 ? 16 : version === 2 ? 36 : 0)
}

const MAX_FOUND = 5000
const FREE = Buffer.from('free').toString('hex')

/**
 * Metadata in a box of the top level, of which `buffer` has all bytes, or its header alone and `bytes` says how many it has.
 * Throws `RangeError` on a malformed box.
 * @param base where the box begins in the file
 */
export function findMetadata(buffer: Buffer, base: number, bytes = buffer.length): Blank[] {
  const found: Blank[] = []
  const box = readBox(buffer, 0, 0, bytes)
  if (!box) throw new RangeError('a malformed box')
  if (NEEDED[box.type] && bytes === buffer.length) visit(box)
  else free(box)
  return found

  function add(at: number, length: number, head = ''): void {
    if (found.length > MAX_FOUND) throw new RangeError('too many boxes')
    if (length > 0) found.push({ at: base + at, bytes: length, head })
  }

  /** The same length, for players to skip; a size of 64 bits stays. */
  function free({ start, body, end }: FileBox): void {
    add(start + 4, 4, FREE)
    add(body, end - body)
  }

  function visit(parent: FileBox): void {
    const needed = NEEDED[parent.type]
    for (const inner of boxesBetween(buffer, parent.body + (FIELDS[parent.type] ?? 0), parent.end)) {
      if (!needed?.includes(inner.type)) free(inner)
      else if (inner.type === 'stsd') visitEntries(inner)
      else if (NEEDED[inner.type]) visit(inner)
      else clean(inner)
    }
  }

  function visitEntries(stsd: FileBox): void {
    for (const entry of boxesBetween(buffer, stsd.body + 8, stsd.end)) {
      const from = entryBody(buffer, entry)
      if (NEEDED[entry.type]) visit({ ...entry, body: from })
      // The maker, and the name of the compressor.
      if (from - entry.body === 78) {
        add(entry.body + 12, 4)
        add(entry.body + 42, 32)
      }
    }
  }

  /** Times of the recording, and names of devices and disks. */
  function clean({ type, body, end }: FileBox): void {
    if (type === 'mvhd' || type === 'tkhd' || type === 'mdhd') add(body + 4, buffer.readUInt8(body) === 1 ? 16 : 8)
    if (type === 'hdlr') add(body + 12, end - body - 12)
    if (type === 'alis' || type === 'url ') add(body + 4, end - body - 4)
  }
}
