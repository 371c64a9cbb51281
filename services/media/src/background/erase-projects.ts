import type { Context } from '../context.ts'
import { removeVideo } from '../operations/remove-video.ts'
import { transact } from '../operations/transact.ts'
import { finishErasure, unfinishedErasures, videosOfOwner } from '../repositories/erased-owners.ts'
import { deleteLimits } from '../repositories/owner-limits.ts'
import { removeWebhooksOf } from '../repositories/webhooks.ts'
import { isolated } from './isolated.ts'

const BATCH = 100

/** Removes the data of owners whose account was deleted, and tells auth when nothing is left. */
export async function eraseOwners(ctx: Context): Promise<void> {
  for (const ownerId of await unfinishedErasures(ctx.db)) {
    await isolated(ctx, { ownerId }, () => eraseOwner(ctx, ownerId))
  }
}

async function eraseOwner(ctx: Context, ownerId: string): Promise<void> {
  // First, so that no webhook receives the events that follow.
  await removeWebhooksOf(ctx.db, ownerId)
  await removeVideos(ctx, ownerId)
  await deleteLimits(ctx.db, ownerId)
  const done = await transact(ctx, (tx) => finishErasure(tx, ownerId))
  if (done) ctx.logger.info({ ownerId }, 'all data of an erased account was removed')
}

async function removeVideos(ctx: Context, ownerId: string): Promise<void> {
  for (;;) {
    const ids = await videosOfOwner(ctx.db, ownerId, BATCH)
    if (ids.length === 0) return
    for (const id of ids) await transact(ctx, (tx) => removeVideo(ctx, tx, id, 'remove'), { evict: () => ownerId })
  }
}
