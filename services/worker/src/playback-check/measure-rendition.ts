import type { StorageKey, Store } from '@kinora/common/storage'
import { type InitSegment, readInitSegment } from '../media-tools/init-segment.ts'
import { type Playlist, parseAttributes, parsePlaylist, tagValues } from '../media-tools/playlist.ts'
import { readSegment, type Segment } from '../media-tools/segment.ts'
import { rule } from './rule.ts'
import { openStored, resolveUri } from './stored-file.ts'

export interface MeasuredSegment extends Segment {
  key: StorageKey
  /** Seconds as the playlist says. */
  extinf: number
}

/** A media playlist and what its files really hold. */
export interface MeasuredRendition {
  key: StorageKey
  init: InitSegment
  segments: MeasuredSegment[]
  targetDuration: number
  /** Of playlist, initialisation and segments. */
  bytes: number
}

/** Segments read at the same time. */
const WIDTH = 8

/** Follows a media playlist to its last file. Throws a host fault where a file is missing, cut off or malformed. */
export async function measureRendition(store: Store, key: StorageKey, signal: AbortSignal): Promise<MeasuredRendition> {
  const text = (await store.get((await openStored(store, key)).key)).toString('utf8')
  const playlist = readPlaylist(text, key)
  const { init, initBytes } = await readInit(store, key, playlist)
  const segments: MeasuredSegment[] = []
  for (let at = 0; at < playlist.entries.length; at += WIDTH) {
    signal.throwIfAborted()
    const batch = playlist.entries.slice(at, at + WIDTH)
    segments.push(...(await Promise.all(batch.map((entry) => readEntry(store, key, entry, init)))))
  }
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, text.length + initBytes)
  return { key, init, segments, targetDuration: Number(tagValues(playlist, '#EXT-X-TARGETDURATION')[0]), bytes }
}

export function readPlaylist(text: string, key: StorageKey): Playlist {
  try {
    return parsePlaylist(text)
  } catch {
    rule(false, 'every playlist is one', key)
  }
}

async function readInit(store: Store, key: StorageKey, playlist: Playlist) {
  const maps = tagValues(playlist, '#EXT-X-MAP')
  const uri = parseAttributes(maps[0] ?? '').get('URI')
  rule(maps.length === 1 && uri !== undefined, 'every rendition has one initialisation for all its segments', key)
  const file = await openStored(store, resolveUri(key, uri))
  const bytes = await file.read(0, file.bytes)
  const init = wellFormed(() => readInitSegment(bytes), file.key)
  return { init: await init, initBytes: file.bytes }
}

async function readEntry(
  store: Store,
  key: StorageKey,
  { uri, tags }: Playlist['entries'][number],
  init: InitSegment,
): Promise<MeasuredSegment> {
  const file = await openStored(store, resolveUri(key, uri))
  const segment = await wellFormed(() => readSegment(file.read, file.bytes, init.defaults), file.key)
  return { ...segment, key: file.key, extinf: Number.parseFloat(tags.get('#EXTINF') ?? '') }
}

async function wellFormed<T>(read: () => T | Promise<T>, key: StorageKey): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    rule(false, 'every file is whole and well-formed', `${key}: ${error.message}`)
  }
}
