import type { Context } from '../context.ts'
import { removeVideo } from '../operations/remove-video.ts'
import { transact } from '../operations/transact.ts'
import { revokeLinks } from '../operations/upload-links.ts'
import { finishErasure, unfinishedErasures, videosOfProject } from '../repositories/erased-projects.ts'
import { removePlaybackKeysOfProject } from '../repositories/playback-keys.ts'
import { deleteProjectDomains } from '../repositories/project-domains.ts'
import { deleteLimits } from '../repositories/project-limits.ts'
import { deleteLinksOfProject, linksEndingWith } from '../repositories/upload-links.ts'
import { removeWebhooksOfProject } from '../repositories/webhooks.ts'
import { isolated } from './isolated.ts'

const BATCH = 100

/** Removes the data of projects that were deleted, or whose account was, and tells auth when nothing is left. */
export async function eraseProjects(ctx: Context): Promise<void> {
  for (const projectId of await unfinishedErasures(ctx.db)) {
    await isolated(ctx, { projectId }, () => eraseProject(ctx, projectId))
  }
}

async function eraseProject(ctx: Context, projectId: string): Promise<void> {
  // First, so that no webhook receives the events that follow.
  await removeWebhooksOfProject(ctx.db, projectId)
  // Those of an account, whose personal project has its id, end in the projects of others, too.
  await revokeLinks(ctx, await linksEndingWith(ctx.db, projectId))
  await removeVideos(ctx, projectId)
  await deleteLinksOfProject(ctx.db, projectId)
  await removePlaybackKeysOfProject(ctx.db, projectId)
  await deleteLimits(ctx.db, projectId)
  await deleteProjectDomains(ctx.db, projectId)
  const done = await transact(ctx, (tx) => finishErasure(tx, projectId))
  if (done) ctx.logger.info({ projectId }, 'all data of an erased account or project was removed')
}

async function removeVideos(ctx: Context, projectId: string): Promise<void> {
  for (;;) {
    const ids = await videosOfProject(ctx.db, projectId, BATCH)
    if (ids.length === 0) return
    for (const id of ids) await transact(ctx, (tx) => removeVideo(ctx, tx, id, 'remove'), { evict: () => projectId })
  }
}
