import type { StorageFinding } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { knownVideos } from '../../repositories/known-videos.ts'
import { doomedFolders } from '../../repositories/stored-video.ts'
import { oldFiles } from './old-files.ts'

const MOST_FOLDERS = 200
/** Each of them is listed whole. */
const MOST_FINDINGS = 10

export interface AuditPage {
  items: StorageFinding[]
  looked: number
  /** Where the next page begins; null at the end. */
  last: string | null
}

/** The next folders of videos, or of their sources, that belong to no video. */
export async function auditFolders(ctx: Context, root: 'videos' | 'sources', after: string): Promise<AuditPage> {
  const names = await nextFolders(ctx, root, after)
  const unknown = await unknownFolders(ctx, root, names)
  const items: StorageFinding[] = []
  for (const videoId of unknown) {
    const files = await oldFilesIn(ctx, `${root}/${videoId}`)
    const [example] = files
    const what = root === 'videos' ? 'video' : 'source'
    if (example !== undefined) items.push({ problem: 'unknown', what, videoId, files: files.length, example })
    if (items.length === MOST_FINDINGS) return { items, looked: names.indexOf(videoId) + 1, last: videoId }
  }
  return { items, looked: names.length, last: names.length === MOST_FOLDERS ? (names.at(-1) ?? null) : null }
}

async function nextFolders({ store }: Context, root: string, after: string): Promise<string[]> {
  const names: string[] = []
  for await (const name of store.listFolders(root, after)) {
    names.push(name)
    if (names.length === MOST_FOLDERS) break
  }
  return names
}

/** In their order, without those that will be removed anyway. */
async function unknownFolders({ db }: Context, root: string, names: string[]): Promise<string[]> {
  const known = await knownVideos(db, names)
  const unknown = names.filter((name) => known.get(name) === false)
  const doomed = await doomedFolders(
    db,
    unknown.map((name) => `${root}/${name}`),
  )
  return unknown.filter((name) => !doomed.has(`${root}/${name}`))
}

async function oldFilesIn({ store }: Context, folder: string): Promise<string[]> {
  const files: string[] = []
  for await (const key of store.list(folder)) files.push(key)
  return await oldFiles(store, files)
}
