import type { Context } from '../context.ts'
import { folderOf } from '../domain/video-facts.ts'
import { filesOfVersion, followReplacement } from '../operations/replace-source.ts'
import { replacements } from '../repositories/replacements.ts'
import { findVideo } from '../repositories/videos.ts'
import { isolated } from './isolated.ts'

/** Puts sources that are ready in the place of those that they replace, gives failed ones up, and shows how far the others are. */
export async function replaceSources(ctx: Context): Promise<void> {
  for (const { id, videoId, status } of await replacements(ctx.db)) {
    await isolated(ctx, { videoId }, async () => {
      const old = status === 'ready' ? await oldVersion(ctx, videoId) : null
      const outcome = await followReplacement(ctx, { videoId, replacementId: id }, old)
      if (outcome !== 'running') ctx.logger.info({ videoId, outcome }, 'a source that was to replace another has ended')
    })
  }
}

/** Listed before the rows are locked, because a store may be slow. */
async function oldVersion(ctx: Context, videoId: string) {
  const video = await findVideo(ctx.db, videoId)
  return video ? { folder: folderOf(video), files: await filesOfVersion(ctx, video) } : null
}
