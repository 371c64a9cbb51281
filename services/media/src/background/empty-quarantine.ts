import { keys, quarantineDays, storeTime } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { emptiedAfter } from '../domain/quarantine.ts'
import { databaseTime } from '../repositories/installation.ts'

/**
 * Removes what has been in quarantine for long enough. Store, database and this machine must all agree that it has: one
 * clock that is wrong removes nothing.
 */
export async function emptyQuarantine(ctx: Context): Promise<void> {
  if (!(await ctx.ownership.mayRemove(0))) return
  const now = Math.min(Date.now(), await databaseTime(ctx.db), await storeTime(ctx.store))
  for (const day of await quarantineDays(ctx.store)) {
    if (emptiedAfter(day, ctx.config.QUARANTINE_DAYS) > now) continue
    await ctx.store.removeFolder(keys.quarantineDay(day))
    ctx.logger.info({ day }, 'files that were swept on this day were removed from quarantine')
  }
}
