import { posix } from 'node:path'
import type { StorageKey, Store } from '@kinora/common/storage'
import { parsePlaylist } from '@kinora/hls-check'
import { addressOf, keyInside } from './store-source.ts'

/** What a published media playlist names. The initialisation and all segments behind one another are one MP4 file. */
export interface PublishedRendition {
  init: StorageKey
  segments: { key: StorageKey; seconds: number }[]
}

/** Throws when there is no such playlist, or it is none of ours. */
export async function readRendition(store: Store, playlistKey: StorageKey): Promise<PublishedRendition> {
  const playlist = parsePlaylist((await store.get(playlistKey)).toString('utf8'))
  const map = playlist.kind === 'media' ? playlist.segments[0]?.map : null
  if (playlist.kind !== 'media' || !map) throw new SyntaxError(`${playlistKey} is no playlist of a rendition`)
  const keyOf = (uri: string) => keyInside(posix.dirname(playlistKey), new URL(uri, addressOf(playlistKey)))
  return {
    init: keyOf(map.uri),
    segments: playlist.segments.map(({ uri, extinf }) => ({ key: keyOf(uri), seconds: extinf })),
  }
}
