import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoryboardGrid } from '@kinora/common/contracts'
import type { StorageKey, Store } from '@kinora/common/storage'
import { SOURCE_FILE } from '../media-tools/allowed-input.ts'
import { makeStoryboard } from '../media-tools/storyboard.ts'
import { readRendition } from '../published-rendition.ts'
import type { Job } from './job.ts'

/** Made from what was published, which is small and has a key frame at every place of the grid, not from the source. */
export const storyboard: Job<'storyboard'> = async ({ renditionKey, grid }, job) => {
  const { store, tools, workspace, outputKey, signal } = job
  const files = await filesWithPictures(store, renditionKey, grid)
  await writeFile(join(workspace, SOURCE_FILE), contents(store, files), { signal })
  for (const name of await makeStoryboard(tools, grid, workspace, signal)) {
    await store.adopt(join(workspace, name), `${outputKey}/${name}`)
  }
  return { kind: 'storyboard' }
}

/** The initialisation, and those segments in which a picture of the grid begins. In this order they are one file. */
async function filesWithPictures(
  store: Store,
  renditionKey: StorageKey,
  { interval, count }: StoryboardGrid,
): Promise<StorageKey[]> {
  const { init, segments } = await readRendition(store, renditionKey)
  const wanted = [init]
  let [picture, end] = [0, 0]
  for (const { key, seconds } of segments) {
    end += seconds
    // Lengths in playlists are rounded to microseconds.
    const next = Math.min(count, Math.ceil((end - 0.001) / interval))
    if (next > picture) wanted.push(key)
    picture = Math.max(picture, next)
  }
  return wanted
}

async function* contents(store: Store, files: StorageKey[]): AsyncGenerator<Buffer> {
  for (const key of files) yield await store.get(key)
}
