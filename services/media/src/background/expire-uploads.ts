import { keys, measure } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { UploadRow } from '../db/schema.ts'
import { registerUpload } from '../operations/register-source.ts'
import { planSweep } from '../operations/sweep-plan.ts'
import { transact } from '../operations/transact.ts'
import { giveUp } from '../operations/uploads.ts'
import { abandonedUploads, expiredRecords } from '../repositories/uploads.ts'
import { isolated } from './isolated.ts'

/**
 * Ends uploads whose client has left them alone for too long, and gives back the quota that they reserved. What has
 * arrived goes to quarantine. More at once than usual is rather a wrong clock or an old database: that waits for an
 * operator.
 */
export async function expireUploads(ctx: Context): Promise<void> {
  for (const row of await expiredRecords(ctx.db)) await end(ctx, row)
  if (!(await ctx.ownership.mayRemove())) return
  const { waiting, limitPerOwner } = await planSweep(ctx)
  ctx.metrics.sweepWaiting.set(waiting)
  for (const row of await abandonedUploads(ctx.db, limitPerOwner)) await endAbandoned(ctx, row)
}

/** All of its bytes may be there although nobody registered them: then it has its source, and nothing is thrown away. */
async function endAbandoned(ctx: Context, row: UploadRow): Promise<void> {
  await isolated(ctx, { videoId: row.video_id }, async () => {
    const storageKey = keys.source(row.video_id, row.id)
    if (!(await ctx.store.stat(storageKey))) return await end(ctx, row)
    const written = await measure(ctx.store.read(storageKey))
    const source = { uploadId: row.id, storageKey, filename: row.filename, ...written }
    await registerUpload(ctx, row.owner_id, { videoId: row.video_id, ...source })
    ctx.logger.info({ videoId: row.video_id }, 'an upload that was complete and not registered was registered')
  })
}

async function end(ctx: Context, row: UploadRow): Promise<void> {
  await isolated(ctx, { videoId: row.video_id }, () =>
    transact(ctx, (tx) => giveUp(tx, row, 'expired'), { evict: () => row.owner_id }),
  )
}
