import { keys, type StorageKey } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { hasVideos, knownVideos } from '../repositories/known-videos.ts'
import { alone, inBatches } from './isolated.ts'

const AGE_MS = 24 * 3600 * 1000
const BATCH = 500
/** In one run; the next one goes on. */
const MOST = 100

/**
 * Removes folders of videos that no row knows, once nothing in them is younger than a day. A video has its row before its
 * first file, so such a folder is what a deletion left, for instance after a backup was restored. Where there is no video
 * at all, this is rather the wrong store, or the wrong database: nothing is removed then.
 */
export async function sweepOrphans(ctx: Context, now = Date.now()): Promise<void> {
  if (!(await hasVideos(ctx.db))) return
  let swept = 0
  for await (const names of inBatches(ctx.store.listFolders('videos'), BATCH)) {
    const known = await knownVideos(ctx.db, names)
    for (const videoId of names.filter((name) => known.get(name) === false)) {
      if (swept >= MOST) return
      await alone(ctx, { videoId }, async () => {
        if (!(await isOld(ctx, keys.videoFolder(videoId), now - AGE_MS))) return
        await ctx.store.removeFolder(keys.videoFolder(videoId))
        swept += 1
        ctx.metrics.filesRemoved.inc()
        ctx.logger.info({ videoId }, 'files of a video that is not known were removed')
      })
    }
  }
}

async function isOld(ctx: Context, folder: StorageKey, before: number): Promise<boolean> {
  for await (const key of ctx.store.list(folder)) {
    const file = await ctx.store.stat(key)
    if (file && file.modifiedAt.getTime() > before) return false
  }
  return true
}
