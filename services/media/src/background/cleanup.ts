import { moveToQuarantine, quarantineDayOf, removeFromQuarantine, storeTime } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { type Disposal, disposeNext, isDisposalDue } from '../repositories/deletions.ts'

/** `sources/<video>` and its like: everything of a video that is below one root. */
const WHOLE_FOLDER = /^[^/]+\/[^/]+$/

/** Removes files that are on the list of deletions, or moves them to quarantine, while the store is ours alone. */
export async function removeFiles(ctx: Context): Promise<void> {
  if (!(await isDisposalDue(ctx.db))) return
  // Once a run, and only where something is moved.
  let day: Promise<string> | undefined
  const today = () => (day ??= storeTime(ctx.store).then(quarantineDayOf))
  while ((await ctx.ownership.mayRemove()) && (await disposeNext(ctx.db, (what) => dispose(ctx, what, today)))) {
    ctx.metrics.filesRemoved.inc()
  }
}

async function dispose(
  { store, logger }: Context,
  { key, folder, quarantine }: Disposal,
  today: () => Promise<string>,
): Promise<void> {
  if (quarantine) {
    const files = await moveToQuarantine(store, await today(), { key, folder })
    if (files > 0) logger.info({ key, files }, 'abandoned files were moved to quarantine')
    return
  }
  if (!folder) return await store.remove(key)
  await store.removeFolder(key)
  // The owner wants it gone, wherever it is.
  if (WHOLE_FOLDER.test(key)) await removeFromQuarantine(store, key)
}
