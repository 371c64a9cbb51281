import { deleteSeen } from '@kinora/common/db'
import {
  keys,
  moveToQuarantine,
  quarantineDayOf,
  quarantineDays,
  removeFromQuarantine,
  storeTime,
} from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { emptiedAfter } from '../operations/storage-audit/quarantine-page.ts'
import { type Disposal, disposeNext, isDisposalDue } from '../repositories/deletions.ts'
import { deleteExpiredRevocations } from '../repositories/delivery-revocations.ts'
import { databaseTime } from '../repositories/installation.ts'
import { deleteOldPlaybackKeys } from '../repositories/playback-keys.ts'
import { deleteExpiredTokens } from '../repositories/playback-tokens.ts'
import { deleteOldLogs } from '../repositories/task-attempts.ts'
import { deleteOldLinks } from '../repositories/upload-links.ts'
import { deleteOldDeliveries } from '../repositories/webhook-deliveries.ts'

/** `sources/<video>` and its like: everything of a video that is below one root. */
const WHOLE_FOLDER = /^[^/]+\/[^/]+$/

/** Removes files that are on the list of deletions, or moves them to quarantine, while the store is this installation's. */
export async function removeFiles(ctx: Context): Promise<void> {
  if (!(await isDisposalDue(ctx.db))) return
  // Asked for once a run, and only if a file is moved.
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
  // The owner deleted the video: its files in quarantine go, too.
  if (WHOLE_FOLDER.test(key)) await removeFromQuarantine(store, key)
}

const DAY_MS = 24 * 3600 * 1000

/** Far longer than a writer pauses, and three days even where a clock is a day off. */
const UNFINISHED_AGE_MS = 3 * DAY_MS

/** Removes temporary files three days after their last byte: their writer is dead, and no key names them. */
export async function removeUnfinishedFiles(ctx: Context): Promise<void> {
  if (!(await ctx.ownership.mayRemove())) return
  await ctx.store.removeUnfinished(new Date((await storeTime(ctx.store)) - UNFINISHED_AGE_MS))
}

/**
 * Removes files that have been in quarantine for long enough by the clocks of the store, the database and this machine:
 * one wrong clock removes nothing.
 */
export async function emptyQuarantine(ctx: Context): Promise<void> {
  if (!(await ctx.ownership.mayRemove(0))) return
  const now = Math.min(ctx.now().getTime(), await databaseTime(ctx.db), await storeTime(ctx.store))
  for (const day of await quarantineDays(ctx.store)) {
    if (emptiedAfter(day, ctx.config.QUARANTINE_DAYS) > now) continue
    await ctx.store.removeFolder(keys.quarantineDay(day))
    ctx.logger.info({ day }, 'files that were swept on this day were removed from quarantine')
  }
}

const LOG_DAYS = 30
const INBOX_MS = 14 * DAY_MS

/**
 * Deletes inbox rows after 14 days, logs, webhook deliveries and expired upload links after 30, playback tokens a day after they
 * expired, and retired playback keys after 7.
 */
export async function deleteOldRows(ctx: Context): Promise<void> {
  await deleteSeen(ctx.db, new Date(ctx.now().getTime() - INBOX_MS))
  await deleteExpiredTokens(ctx.db)
  await deleteOldPlaybackKeys(ctx.db)
  await deleteExpiredRevocations(ctx.db)
  await deleteOldLinks(ctx.db)
  await deleteOldLogs(ctx.db, LOG_DAYS)
  await deleteOldDeliveries(ctx.db)
}
