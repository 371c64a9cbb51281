import type { Context } from '../context.ts'
import { giveUp } from '../operations/uploads.ts'
import { expiredUploads } from '../repositories/uploads.ts'
import { alone } from './isolated.ts'

/** Gives up what its client has left alone for too long, and with it the room that was kept. */
export async function expireUploads(ctx: Context): Promise<void> {
  for (const row of await expiredUploads(ctx.db)) {
    await alone(ctx, { videoId: row.video_id }, async () => {
      await ctx.db.transaction().execute((tx) => giveUp(tx, row))
      await ctx.cache.forget(row.owner_id)
      ctx.wake.emit('outbox')
    })
  }
}
