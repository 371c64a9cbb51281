import { keys, measure } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { UploadRow } from '../db/schema.ts'
import { registerUpload } from '../operations/register-source.ts'
import { transact } from '../operations/transact.ts'
import { abortUpload, planSweep } from '../operations/uploads.ts'
import { abandonedUploads, expiredRecords } from '../repositories/uploads.ts'
import { isolated } from './isolated.ts'

/**
 * Ends uploads that have had no request for too long, and releases the quota that they reserved. Their parts go to
 * quarantine. Unusually many at once point to a wrong clock or an old database, and wait for an operator.
 */
export async function expireUploads(ctx: Context): Promise<void> {
  for (const row of await expiredRecords(ctx.db)) await end(ctx, row)
  if (!(await ctx.ownership.mayRemove())) return
  const { waiting, limitPerOwner } = await planSweep(ctx)
  ctx.metrics.sweepWaiting.set(waiting)
  for (const row of await abandonedUploads(ctx.db, limitPerOwner)) await endAbandoned(ctx, row)
}

/** A source that is complete in the store, but was never registered, is registered instead. */
async function endAbandoned(ctx: Context, row: UploadRow): Promise<void> {
  await isolated(ctx, { videoId: row.video_id }, async () => {
    const storageKey = keys.source(row.video_id, row.id)
    if (!(await ctx.store.stat(storageKey))) return await end(ctx, row)
    const written = await measure(ctx.store.read(storageKey))
    const source = { uploadId: row.id, storageKey, filename: row.filename, ...written }
    await registerUpload(ctx, row.owner_id, { videoId: row.video_id, ...source })
    ctx.logger.info({ videoId: row.video_id }, 'a complete upload that was not registered was registered')
  })
}

async function end(ctx: Context, row: UploadRow): Promise<void> {
  await isolated(ctx, { videoId: row.video_id }, () =>
    transact(ctx, (tx) => abortUpload(ctx, tx, row, 'expired'), { evict: () => row.owner_id }),
  )
}
