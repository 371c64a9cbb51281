import { MAX_PIXELS } from './byte-file.ts'
import { boxesBetween, entryBody, type FileBox } from './mp4-metadata.ts'

interface Tracks {
  /** There is audio or video, and browsers have the codecs of all of it. */
  playable: boolean
  /** There is nothing else: other tracks may hold places and times. */
  plain: boolean
}

/** Reads the tracks of a `moov` box. Throws `RangeError` when it is malformed. */
export function readTracks(moov: Buffer): Tracks {
  const [index] = boxesBetween(moov, 0, moov.length)
  const tracks = index ? inside(moov, index, 'trak') : []
  const kinds = tracks.map((trak) => kindOf(moov, trak))
  const media = kinds.filter((kind) => kind !== 'other')
  return {
    playable: media.length > 0 && media.every((kind) => kind === 'playable'),
    plain: kinds.length === media.length,
  }
}

function inside(buffer: Buffer, { body, end }: FileBox, ...path: string[]): FileBox[] {
  const [type, ...rest] = path
  const found = boxesBetween(buffer, body, end).filter((box) => box.type === type)
  return rest.length === 0 ? found : found.flatMap((box) => inside(buffer, box, ...rest))
}

function kindOf(moov: Buffer, trak: FileBox): 'playable' | 'unplayable' | 'other' {
  const [hdlr] = inside(moov, trak, 'mdia', 'hdlr')
  const [stsd] = inside(moov, trak, 'mdia', 'minf', 'stbl', 'stsd')
  if (!hdlr || !stsd) throw new RangeError('a track without description')
  const handler = moov.toString('latin1', hdlr.body + 8, hdlr.body + 12)
  if (handler !== 'vide' && handler !== 'soun') return 'other'
  const entries = boxesBetween(moov, stsd.body + 8, stsd.end)
  const isPlayable = handler === 'vide' ? isPlayableVideo : isPlayableAudio
  return entries.length > 0 && entries.every((entry) => isPlayable(moov, entry)) ? 'playable' : 'unplayable'
}

/** H.264 in 8 bits and 4:2:0: Baseline, Main, High. */
const PROFILES = [66, 77, 100]

function isPlayableVideo(moov: Buffer, entry: FileBox): boolean {
  if (!['avc1', 'vp08', 'vp09', 'av01'].includes(entry.type)) return false
  if (moov.readUInt16BE(entry.body + 24) * moov.readUInt16BE(entry.body + 26) > MAX_PIXELS) return false
  const boxes = boxesBetween(moov, entryBody(moov, entry), entry.end)
  const find = (type: string) => boxes.find((box) => box.type === type)
  if (entry.type === 'av01') return find('av1C') !== undefined
  if (entry.type !== 'avc1') return find('vpcC') !== undefined
  const avcC = find('avcC')
  return avcC !== undefined && PROFILES.includes(moov.readUInt8(avcC.body + 1))
}

/** Object types of MPEG-4 AAC, MPEG-2 AAC and MP3 (ISO/IEC 14496-1 section 7.2.6.6). */
const OBJECT_TYPES = [0x40, 0x66, 0x67, 0x68, 0x69, 0x6b]

function isPlayableAudio(moov: Buffer, entry: FileBox): boolean {
  if (entry.type !== 'mp4a' && entry.type !== 'Opus') return false
  const boxes = boxesBetween(moov, entryBody(moov, entry), entry.end)
  if (entry.type === 'Opus') return boxes.some(({ type }) => type === 'dOps')
  const wave = boxes.find(({ type }) => type === 'wave')
  const esds = [...boxes, ...(wave ? boxesBetween(moov, wave.body, wave.end) : [])].find(({ type }) => type === 'esds')
  return esds !== undefined && OBJECT_TYPES.includes(objectTypeOf(moov.subarray(esds.body + 4, esds.end)))
}

/** Of the `DecoderConfigDescriptor` (tag 4) in an `ES_Descriptor` (tag 3); -1 without one. */
function objectTypeOf(esds: Buffer): number {
  if (esds.readUInt8(0) !== 3) return -1
  const stream = contentAt(esds, 0)
  const flags = esds.readUInt8(stream + 2)
  const url = flags & 0x40 ? 1 + esds.readUInt8(stream + 3 + (flags & 0x80 ? 2 : 0)) : 0
  const config = stream + 3 + (flags & 0x80 ? 2 : 0) + url + (flags & 0x20 ? 2 : 0)
  return esds.readUInt8(config) === 4 ? esds.readUInt8(contentAt(esds, config)) : -1
}

/** After the tag, and a length in groups of seven bits. */
function contentAt(buffer: Buffer, at: number): number {
  let body = at + 1
  while (buffer.readUInt8(body) & 0x80) body += 1
  return body + 1
}
