import { createHash } from 'node:crypto'
import { type ByteRange, type MasterPlaylist, type MediaPlaylist, parsePlaylist } from '@kinora/formats/hls'
import { Findings } from './findings.ts'
import { checkVersion } from './rules/playlist-rules.ts'
import { FetchError, type FetchedFile, type Source } from './source.ts'

/** A file as the passport of a video records it. */
export interface FileDigest {
  /** Path relative to the first playlist. */
  name: string
  bytes: number
  /** Hex. */
  sha256: string
}

export interface ReadPlaylist<P> {
  /** Addresses in it are relative to this. */
  url: URL
  name: string
  playlist: P
}

/** One pass through a presentation: fetches the files that playlists name, and records findings about them. */
export class Walk {
  readonly findings = new Findings()
  /** Bytes of all files so far. */
  bytes = 0
  readonly playlists: FileDigest[] = []
  readonly #source: Source
  readonly #signal: AbortSignal

  constructor(source: Source, signal: AbortSignal) {
    this.#source = source
    this.#signal = signal
  }

  /** Undefined, with a finding, when it cannot be fetched. Rejects when the check is aborted. */
  async fetch(uri: string, base: URL, range: ByteRange | null = null): Promise<FetchedFile | undefined> {
    this.#signal.throwIfAborted()
    try {
      const file = await this.#source.fetch(resolve(uri, base), range)
      this.bytes += file.bytes.length
      return this.findings.check('HLS-04', file.bytes.length > 0, `${uri} is empty`) ? file : undefined
    } catch (error) {
      if (!(error instanceof FetchError)) throw error
      this.findings.check('HLS-04', false, `${uri}: ${error.message}`)
      return undefined
    }
  }

  /** A playlist of either kind; undefined, with a finding, when it cannot be read. */
  async readPlaylist(uri: string, base: URL): Promise<ReadPlaylist<MasterPlaylist | MediaPlaylist> | undefined> {
    const file = await this.fetch(uri, base)
    if (!file) return undefined
    const { url, bytes, mediaType } = file
    const name = this.nameOf(url)
    this.playlists.push({ name, bytes: bytes.length, sha256: sha256(bytes) })
    this.findings.check('HLS-02', isCalledPlaylist(url, mediaType), `${name} is served as ${mediaType}`)
    try {
      const playlist = parsePlaylist(decode(bytes))
      this.findings.check('HLS-01', true, name)
      checkVersion(this.findings, name, playlist)
      return { url, name, playlist }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      this.findings.check('HLS-01', false, `${name}: ${error.message}`)
      return undefined
    }
  }

  /** The name of a file in findings: its path relative to the first playlist. */
  nameOf(url: URL): string {
    const folder = new URL('.', this.#source.start).href
    return url.href.startsWith(folder) ? url.href.slice(folder.length) : url.href
  }
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function resolve(uri: string, base: URL): URL {
  try {
    return new URL(uri, base)
  } catch {
    throw new FetchError('it is not a valid address')
  }
}

/** UTF-8 without a byte order mark (section 4.1). */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new SyntaxError('it is not UTF-8')
  }
}

const MEDIA_TYPES = new Set(['application/vnd.apple.mpegurl', 'audio/mpegurl'])

function isCalledPlaylist({ pathname }: URL, mediaType: string | null): boolean {
  return mediaType === null ? /\.m3u8?$/.test(pathname) : MEDIA_TYPES.has(mediaType)
}
