import { AppError } from '@kinora/common/errors'
import { MASTER_PLAYLIST, type StorageKey, type Store } from '@kinora/common/storage'
import { FetchError, type Source, sliceRange } from '@kinora/hls-check'

/** A scheme of our own, so that addresses of files and servers never resolve to a key. */
const ROOT = 'kinora-storage:///'

/** A presentation in storage. Playlists may name only files of their own folder, by relative address. */
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

export function addressOf(key: StorageKey): string {
  return ROOT + key
}

/** The key behind an address as a playlist of this folder names it. Throws `FetchError` when it leads out of the folder. */
export function keyInside(folder: StorageKey, { href }: URL): StorageKey {
  if (!href.startsWith(addressOf(`${folder}/`)) || /[?#%]/.test(href))
    throw new FetchError('it is no file of this video')
  return href.slice(ROOT.length)
}
