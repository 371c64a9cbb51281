import { storeTime } from '@kinora/common/storage'
import type { Context } from '../context.ts'

/** Far longer than a writer pauses, and three days even where a clock is a day off. */
const AGE_MS = 3 * 24 * 3600 * 1000

/** Removes what was never written to its end, three days after the last byte: its writer is dead, and it has no name. */
export async function removeUnfinishedFiles(ctx: Context): Promise<void> {
  if (!(await ctx.ownership.mayRemove())) return
  await ctx.store.removeUnfinished(new Date((await storeTime(ctx.store)) - AGE_MS))
}
