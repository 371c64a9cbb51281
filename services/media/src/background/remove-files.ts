import type { Context } from '../context.ts'
import { type Removable, removeNext } from '../repositories/deletions.ts'

/** Removes files that nothing points to any more. */
export async function removeFiles(ctx: Context): Promise<void> {
  const remove = ({ key, folder }: Removable) => (folder ? ctx.store.removeFolder(key) : ctx.store.remove(key))
  while (await removeNext(ctx.db, remove)) ctx.metrics.filesRemoved.inc()
}
