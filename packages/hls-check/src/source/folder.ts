import { readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { FetchError, type Source, sliceRange } from './source.ts'

/** A presentation in a folder. `path` is the folder of `master.m3u8`, or a playlist. Files outside the folder are not read. */
export async function folderSource(path: string): Promise<Source> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new FetchError(`${path}: ${error.code}`)
  })
  const playlist = resolve(found.isDirectory() ? join(path, 'master.m3u8') : path)
  const folder = dirname(playlist)
  return {
    start: pathToFileURL(playlist),
    async fetch(url, range) {
      const file = url.protocol === 'file:' ? fileURLToPath(url) : null
      if (!file?.startsWith(folder + sep)) throw new FetchError('it is not in the folder')
      const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
        throw new FetchError(error.code === 'ENOENT' ? 'there is no such file' : String(error.code))
      })
      return { url, bytes: range ? sliceRange(bytes, range) : bytes, mediaType: null }
    },
  }
}
