import type { Context } from '../../context.ts'
import { pendingDeletions } from '../../repositories/stored-video.ts'
import { knownVideos } from '../../repositories/videos.ts'
import { type Finding, type FindingsPage, oldFiles } from './findings.ts'

const MOST_FOLDERS = 200
/** The files of each folder that is a finding are all listed. */
const MOST_FINDINGS = 10

export type FolderRoot = 'videos' | 'sources' | 'pieces'

const WHAT = { videos: 'video', sources: 'source', pieces: 'upload' } as const

/**
 * The next folders that belong to no video.
 * @param before files that were written later are left out, because their rows may not be committed yet
 */
export async function auditFolders(
  ctx: Context,
  root: FolderRoot,
  after: string,
  before: number,
): Promise<FindingsPage> {
  const names = await nextFolders(ctx, root, after)
  const unknown = await unknownFolders(ctx, root, names)
  const items: Finding[] = []
  for (const videoId of unknown) {
    const folder = `${root}/${videoId}`
    const { old, young } = await filesIn(ctx, folder, before)
    const [example] = old
    if (example !== undefined) {
      const finding = { problem: 'unknown', what: WHAT[root], videoId, files: old.length, example } as const
      items.push({ ...finding, unknown: young ? [] : [{ key: folder, folder: true }] })
    }
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

/** In the same order, without those whose deletion is pending. */
async function unknownFolders({ db }: Context, root: string, names: string[]): Promise<string[]> {
  const known = await knownVideos(db, names)
  const unknown = names.filter((name) => known.get(name) === false)
  const pending = await pendingDeletions(
    db,
    unknown.map((name) => `${root}/${name}`),
  )
  return unknown.filter((name) => !pending.has(`${root}/${name}`))
}

async function filesIn({ store }: Context, folder: string, before: number): Promise<{ old: string[]; young: boolean }> {
  const files: string[] = []
  for await (const key of store.list(folder)) files.push(key)
  const old = await oldFiles(store, files, before)
  return { old, young: old.length < files.length }
}
