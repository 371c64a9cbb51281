import { type Attributes, parseAttributes } from './attribute-list.ts'
import type { ByteRange, Master, MediaPlaylist } from './playlist-types.ts'
import { assertSameMaster, assertSameMedia } from './second-oracle.ts'

export type { ByteRange, Master, MediaPlaylist } from './playlist-types.ts'

type Line = { tag: string; value: string } | { uri: string }

/** RFC 8216 section 4.3.4, strictly: a tag that does not belong in a master playlist is an error. `hls-parser` must read the same. */
export function parseMaster(text: string): Master {
  const master: Master = { version: 1, independentSegments: false, media: [], variants: [], iFrames: [] }
  let pending: Attributes | undefined
  for (const line of linesOf(text)) {
    if ('uri' in line) {
      if (!pending) throw new Error(`No EXT-X-STREAM-INF stands before ${line.uri}`)
      master.variants.push({ attributes: pending, uri: line.uri })
      pending = undefined
      continue
    }
    if (pending) throw new Error('Section 4.3.4.2: the URI must follow EXT-X-STREAM-INF on the next line')
    if (line.tag === 'EXT-X-VERSION') master.version = integer(line.value)
    else if (line.tag === 'EXT-X-INDEPENDENT-SEGMENTS') master.independentSegments = true
    else if (line.tag === 'EXT-X-MEDIA') master.media.push(parseAttributes(line.value))
    else if (line.tag === 'EXT-X-I-FRAME-STREAM-INF') master.iFrames.push(parseAttributes(line.value))
    else if (line.tag === 'EXT-X-STREAM-INF') pending = parseAttributes(line.value)
    else throw new Error(`${line.tag} does not belong into a master playlist`)
  }
  assertSameMaster(text, master)
  return master
}

/** RFC 8216 sections 4.3.2 and 4.3.3, strictly, for what our playlists use of it. `hls-parser` must read the same. */
export function parseMediaPlaylist(text: string): MediaPlaylist {
  const playlist: MediaPlaylist = {
    version: 1,
    targetDuration: Number.NaN,
    mediaSequence: 0,
    playlistType: null,
    independentSegments: false,
    ended: false,
    mapUri: null,
    iFramesOnly: false,
    segments: [],
  }
  let seconds: number | undefined
  let range: ByteRange | null = null
  for (const line of linesOf(text)) {
    if ('tag' in line && line.tag === 'EXTINF') {
      seconds = duration(line.value)
    } else if ('tag' in line && line.tag === 'EXT-X-BYTERANGE') {
      range = byteRange(line.value)
    } else if ('tag' in line) {
      setTag(playlist, line.tag, line.value)
    } else {
      if (seconds === undefined) throw new Error(`No EXTINF stands before ${line.uri}`)
      playlist.segments.push({ uri: line.uri, seconds, range })
      seconds = undefined
      range = null
    }
  }
  if (Number.isNaN(playlist.targetDuration)) throw new Error('Section 4.3.3.1: EXT-X-TARGETDURATION is missing')
  assertSameMedia(text, playlist)
  return playlist
}

function setTag(playlist: MediaPlaylist, tag: string, value: string): void {
  switch (tag) {
    case 'EXT-X-VERSION':
      playlist.version = integer(value)
      return
    case 'EXT-X-TARGETDURATION':
      playlist.targetDuration = integer(value)
      return
    case 'EXT-X-MEDIA-SEQUENCE':
      if (playlist.segments.length > 0) throw new Error('Section 4.3.3.2: EXT-X-MEDIA-SEQUENCE after a segment')
      playlist.mediaSequence = integer(value)
      return
    case 'EXT-X-PLAYLIST-TYPE':
      if (value !== 'EVENT' && value !== 'VOD') throw new Error(`Section 4.3.3.5: no such type: ${value}`)
      playlist.playlistType = value
      return
    case 'EXT-X-INDEPENDENT-SEGMENTS':
      playlist.independentSegments = true
      return
    case 'EXT-X-I-FRAMES-ONLY':
      playlist.iFramesOnly = true
      return
    case 'EXT-X-ENDLIST':
      playlist.ended = true
      return
    case 'EXT-X-MAP':
      if (playlist.mapUri) throw new Error('Two EXT-X-MAP: the segments do not share one header')
      playlist.mapUri = parseAttributes(value).URI ?? null
      return
    default:
      throw new Error(`${tag} is not expected in a media playlist`)
  }
}

function linesOf(text: string): Line[] {
  const [first, ...lines] = text.split(/\r?\n/)
  if (first !== '#EXTM3U') throw new Error(`Section 4.3.1.1: the first line is not #EXTM3U but ${first}`)
  return lines.filter((line) => line !== '').flatMap(lineOf)
}

function lineOf(line: string): Line[] {
  if (!line.startsWith('#')) return [{ uri: line }]
  if (!line.startsWith('#EXT')) return []
  const [, tag = '', value = ''] = /^#([A-Z0-9-]+)(?::(.*))?$/.exec(line) ?? []
  if (tag === '') throw new Error(`Not a tag: ${line}`)
  return [{ tag, value }]
}

function integer(value: string): number {
  if (!/^\d{1,20}$/.test(value)) throw new Error(`Not a decimal integer: ${value}`)
  return Number(value)
}

/** Section 4.3.2.2: `<length>@<offset>`; we always give both. */
function byteRange(value: string): ByteRange {
  const [, length, offset] = /^(\d+)@(\d+)$/.exec(value) ?? []
  if (length === undefined || offset === undefined) throw new Error(`Not a whole byte range: ${value}`)
  return { start: Number(offset), end: Number(offset) + Number(length) }
}

/** Section 4.3.2.1: `<duration>,[<title>]`; the comma is required. */
function duration(value: string): number {
  const [, seconds] = /^(\d+(?:\.\d+)?),/.exec(value) ?? []
  if (seconds === undefined) throw new Error(`Not an EXTINF: ${value}`)
  return Number(seconds)
}
