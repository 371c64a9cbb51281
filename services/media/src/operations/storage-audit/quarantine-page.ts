import type { QuarantinedFolder } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor, type Page, pageOf } from '@kinora/common/cursor'
import { keys, quarantineDays } from '@kinora/common/storage'
import { z } from 'zod'
import type { Context } from '../../context.ts'

const ROOTS = ['pieces', 'sources', 'videos'] as const
/** Day, root and folder. */
const Cursor = z.tuple([z.iso.date(), z.enum(ROOTS), z.string().max(100)])
type Cursor = z.output<typeof Cursor>

/** Folders in quarantine, by day, root and name. */
export async function quarantinePage(
  { store, config }: Context,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<QuarantinedFolder>> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor, Cursor)
  const found: Cursor[] = []
  for await (const folder of folders({ store }, after)) {
    found.push(folder)
    if (found.length > limit) break
  }
  const page = pageOf(found, limit, (folder) => folder, encodeCursor)
  const items: QuarantinedFolder[] = []
  for (const [day, root, name] of page.items) {
    const key = `${root}/${name}`
    const removedAfter = new Date(emptiedAfter(day, config.QUARANTINE_DAYS)).toISOString()
    items.push({ key, day, files: await countFiles({ store }, keys.quarantined(day, key)), removedAfter })
  }
  return { items, nextCursor: page.nextCursor }
}

const DAY_MS = 24 * 3600 * 1000

/** When files that were swept on `day` (UTC) have been in quarantine for `days` whole days, in ms since 1970. */
export function emptiedAfter(day: string, days: number): number {
  return Date.parse(day) + (days + 1) * DAY_MS
}

async function* folders({ store }: Pick<Context, 'store'>, after: Cursor | undefined): AsyncGenerator<Cursor> {
  const [afterDay = '', afterRoot = '', afterName = ''] = after ?? []
  for (const day of await quarantineDays(store)) {
    if (day < afterDay) continue
    for (const root of ROOTS) {
      if (day === afterDay && root < afterRoot) continue
      const behind = day === afterDay && root === afterRoot ? afterName : ''
      for await (const name of store.listFolders(keys.quarantined(day, root), behind)) yield [day, root, name]
    }
  }
}

async function countFiles({ store }: Pick<Context, 'store'>, folder: string): Promise<number> {
  let files = 0
  for await (const _ of store.list(folder)) files += 1
  return files
}
