import { posix } from 'node:path'
import { AppError } from '@kinora/common/errors'
import { MASTER_PLAYLIST, type StorageKey, type Store } from '@kinora/common/storage'
import { parsePlaylist } from '@kinora/formats/hls'
import { FetchError, type Source, sliceRange } from '@kinora/hls-check'

/** A private URL scheme, so that addresses of files and servers never resolve to a storage key. */
const ROOT = 'kinora-storage:///'

/** A published video in storage. Its playlists may name only files of its own folder, by relative addresses. */
export function storeSource(store: Store, folder: StorageKey): Source {
  return {
    start: new URL(addressOf(`${folder}/${MASTER_PLAYLIST}`)),
    async fetch(url, range) {
      const bytes = await store.get(keyInside(folder, url)).catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') throw new FetchError('there is no such file')
        throw error
      })
      return { url, bytes: range ? sliceRange(bytes, range) : bytes, mediaType: null }
    },
  }
}

/** The files that a published media playlist names. The initialisation segment and all segments in order are one MP4 file. */
export interface PublishedRendition {
  init: StorageKey
  segments: { key: StorageKey; seconds: number }[]
}

/** Throws when the playlist is missing or names files outside its folder. */
export async function readRendition(store: Store, playlistKey: StorageKey): Promise<PublishedRendition> {
  const playlist = parsePlaylist((await store.get(playlistKey)).toString('utf8'))
  const map = playlist.kind === 'media' ? playlist.segments[0]?.map : null
  if (playlist.kind !== 'media' || !map) throw new SyntaxError(`${playlistKey} is not the playlist of a rendition`)
  const keyOf = (uri: string) => keyInside(posix.dirname(playlistKey), new URL(uri, addressOf(playlistKey)))
  return {
    init: keyOf(map.uri),
    segments: playlist.segments.map(({ uri, extinf }) => ({ key: keyOf(uri), seconds: extinf })),
  }
}

function addressOf(key: StorageKey): string {
  return ROOT + key
}

/** The storage key of an address in a playlist of this folder. Throws `FetchError` when it is outside the folder. */
function keyInside(folder: StorageKey, { href }: URL): StorageKey {
  if (!href.startsWith(addressOf(`${folder}/`)) || /[?#%]/.test(href))
    throw new FetchError('it is not a file of this video')
  return href.slice(ROOT.length)
}
