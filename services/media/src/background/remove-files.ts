import { moveToQuarantine, quarantineDayOf, removeFromQuarantine, storeTime } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { type Disposal, disposeNext } from '../repositories/deletions.ts'

/** `sources/<video>` and its like: everything of a video that is below one root. */
const WHOLE_FOLDER = /^[^/]+\/[^/]+$/

/** Removes files that are on the list of deletions, or moves them to quarantine, while the store is ours alone. */
export async function removeFiles(ctx: Context): Promise<void> {
  while (
    await disposeNext(
      ctx.db,
      (disposal) => dispose(ctx, disposal),
      () => ctx.ownership.mayRemove(),
    )
  ) {
    ctx.metrics.filesRemoved.inc()
  }
}

async function dispose({ store, logger }: Context, { key, folder, quarantine }: Disposal): Promise<void> {
  if (quarantine) {
    const files = await moveToQuarantine(store, quarantineDayOf(await storeTime(store)), { key, folder })
    if (files > 0) logger.info({ key, files }, 'abandoned files were moved to quarantine')
    return
  }
  if (!folder) return await store.remove(key)
  await store.removeFolder(key)
  // The owner wants it gone, wherever it is.
  if (WHOLE_FOLDER.test(key)) await removeFromQuarantine(store, key)
}
