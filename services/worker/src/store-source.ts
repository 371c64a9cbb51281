import { AppError } from '@kinora/common/errors'
import { MASTER_PLAYLIST, type StorageKey, type Store } from '@kinora/common/storage'
import { FetchError, type Source, sliceRange } from '@kinora/hls-check'

/** A scheme of our own, so that addresses of files and servers never resolve to a key. */
const ROOT = 'kinora-storage:///'

/** A presentation in storage. Playlists may name only files of their own folder, by relative address. */
export function storeSource(store: Store, folder: StorageKey): Source {
  const base = `${ROOT}${folder}/`
  return {
    start: new URL(MASTER_PLAYLIST, base),
    async fetch(url, range) {
      if (!url.href.startsWith(base) || /[?#%]/.test(url.href)) throw new FetchError('it is no file of this video')
      const bytes = await store.get(url.href.slice(ROOT.length)).catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') throw new FetchError('there is no such file')
        throw error
      })
      return { url, bytes: range ? sliceRange(bytes, range) : bytes, mediaType: null }
    },
  }
}
