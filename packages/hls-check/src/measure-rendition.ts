import { createHash } from 'node:crypto'
import type { MediaPlaylist, SegmentEntry } from '@kinora/formats/hls'
import { type InitSegment, mainTrack, readInitSegment, readSegment } from '@kinora/formats/mp4'
import { type ReadPlaylist, sha256, type Walk } from './walk.ts'

export interface MeasuredSegment {
  bytes: number
  /** Seconds, from the playlist. */
  extinf: number
  /** Decode time and duration of the main track, in seconds. */
  start: number
  seconds: number
  samples: number
  /** When the earliest of its samples is shown, in seconds. */
  shownAt: number
  startsWithSync: boolean
  discontinuity: boolean
  keyFrames: PlacedKeyFrame[]
}

/** A key frame, the file that contains it, and when it is decoded. */
export interface PlacedKeyFrame {
  url: string
  /** Offset in the file of its header. */
  offset: number
  /** Of its header and the frame. */
  bytes: number
  /** Seconds. */
  start: number
}

/** A media playlist and the measured contents of its files. */
export interface Rendition {
  name: string
  playlist: MediaPlaylist
  kind: 'video' | 'audio' | 'other'
  /** Of all tracks of all its initialisation segments. */
  codecs: Set<string>
  segments: MeasuredSegment[]
  /** See `digestOfContents`. */
  contents: string
}

/** Number of segments that are read at the same time. */
const WIDTH = 4

/**
 * Reads every file of a media playlist. Undefined, with findings, unless all of them can be read: any other finding
 * about a rendition with missing segments would only repeat that.
 */
export async function measureRendition(
  walk: Walk,
  { url, name, playlist }: ReadPlaylist<MediaPlaylist>,
): Promise<Rendition | undefined> {
  if (!walk.findings.check('HLS-10', !playlist.encrypted, `${name} is encrypted as a whole`)) return undefined
  const inits = new Inits(walk, url, name)
  const measured: (Measured | undefined)[] = []
  for (let at = 0; at < playlist.segments.length; at += WIDTH) {
    const batch = playlist.segments.slice(at, at + WIDTH)
    measured.push(...(await Promise.all(batch.map((entry) => measureSegment(walk, url, entry, inits)))))
  }
  const whole = measured.filter((segment) => segment !== undefined)
  const loaded = inits.all()
  if (whole.length < measured.length || !loaded[0]) return undefined
  return {
    name,
    playlist,
    kind: mainTrack(loaded[0].init).kind,
    codecs: new Set(loaded.flatMap(({ init }) => init.tracks.map(({ codecs }) => codecs))),
    segments: whole.map(({ segment }) => segment),
    contents: digestOfContents([...loaded.map((init) => init.sha256), ...whole.map((segment) => segment.sha256)]),
  }
}

/** One digest of a rendition: of the SHA-256 (hex) of its initialisation segment and segments, in this order. */
export function digestOfContents(hashes: readonly string[]): string {
  return createHash('sha256').update(hashes.join('\n')).digest('hex')
}

interface Measured {
  segment: MeasuredSegment
  sha256: string
}

async function measureSegment(walk: Walk, base: URL, entry: SegmentEntry, inits: Inits): Promise<Measured | undefined> {
  const { uri, range, extinf, discontinuity } = entry
  const init = await inits.of(entry)
  if (!init) return undefined
  const file = await walk.fetch(uri, base, range)
  if (!file) return undefined
  const read = wellFormed(() => readSegment(file.bytes, init))
  if (!walk.findings.check('HLS-10', typeof read !== 'string', `${uri}: ${read}`) || typeof read === 'string')
    return undefined
  const { timescale, shift } = mainTrack(init)
  const { bytes, samples, startsWithSync } = read
  const shownAt = (read.shownAt - shift) / timescale
  const times = { start: read.decodeTime / timescale, seconds: read.duration / timescale, shownAt }
  const keyFrames = read.keyFrames.map((frame) => ({
    url: file.url.href,
    offset: (range?.start ?? 0) + frame.offset,
    bytes: frame.bytes,
    start: frame.decodeTime / timescale,
  }))
  const segment = { bytes, extinf, ...times, samples, startsWithSync, discontinuity, keyFrames }
  return { segment, sha256: sha256(file.bytes) }
}

interface LoadedInit {
  init: InitSegment
  sha256: string
}

/** The initialisation segments of one playlist; each is read once. */
class Inits {
  readonly #walk: Walk
  readonly #base: URL
  readonly #name: string
  readonly #reading = new Map<string, Promise<LoadedInit | undefined>>()
  readonly #loaded: LoadedInit[] = []

  constructor(walk: Walk, base: URL, name: string) {
    this.#walk = walk
    this.#base = base
    this.#name = name
  }

  async of({ map, uri }: SegmentEntry): Promise<InitSegment | undefined> {
    if (!this.#walk.findings.check('HLS-09', map !== null, `${this.#name}: ${uri}`) || map === null) return undefined
    const key = JSON.stringify(map)
    const reading = this.#reading.get(key) ?? this.#load(map)
    this.#reading.set(key, reading)
    return (await reading)?.init
  }

  /** In the order in which they were first needed. */
  all(): LoadedInit[] {
    return this.#loaded
  }

  async #load({ uri, range }: NonNullable<SegmentEntry['map']>): Promise<LoadedInit | undefined> {
    const file = await this.#walk.fetch(uri, this.#base, range)
    if (!file) return undefined
    const init = wellFormed(() => readInitSegment(file.bytes))
    const readable = typeof init !== 'string'
    this.#walk.findings.check('HLS-09', readable, `${uri}: ${init}`)
    if (!readable) return undefined
    const loaded = { init, sha256: sha256(file.bytes) }
    this.#loaded.push(loaded)
    return loaded
  }
}

/** What `read` returns, or the message of its `RangeError`. */
function wellFormed<T extends object>(read: () => T): T | string {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return error.message
  }
}
