import { keys } from './keys.ts'
import type { StorageKey, Store } from './store.ts'

/*
 * Swept objects are not removed at once but moved to `quarantine/<day>/<key>`, so that the store alone shows what was swept,
 * when, and from where.
 */

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** The name of the quarantine folder for a time: its day in UTC. */
export function quarantineDayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

/** Days with something in quarantine, in ascending order. */
export async function quarantineDays(store: Store): Promise<string[]> {
  const days: string[] = []
  for await (const name of store.listFolders(keys.quarantine)) if (DAY.test(name)) days.push(name)
  return days
}

/** Moves an object, or all objects of a folder, to the quarantine of a day; returns their number. */
export async function moveToQuarantine(
  store: Store,
  day: string,
  { key, folder }: { key: StorageKey; folder: boolean },
): Promise<number> {
  if (!folder) {
    if (!(await store.stat(key))) return 0
    await store.move(key, keys.quarantined(day, key))
    return 1
  }
  let moved = 0
  for await (const object of store.list(key)) {
    await store.move(object, keys.quarantined(day, object))
    moved += 1
  }
  return moved
}

/** Removes a folder's objects from the quarantine of every day, because their owner deleted them. */
export async function removeFromQuarantine(store: Store, folder: StorageKey): Promise<void> {
  for (const day of await quarantineDays(store)) await store.removeFolder(keys.quarantined(day, folder))
}

/**
 * Moves at most `limit` objects of a folder back to their keys. Where a newer object exists, it is kept and the older
 * one stays in quarantine.
 */
export async function restoreFromQuarantine(
  store: Store,
  day: string,
  folder: StorageKey,
  limit: number,
): Promise<{ restored: number; kept: number; more: boolean }> {
  const prefix = `${keys.quarantineDay(day)}/`
  let [restored, kept] = [0, 0]
  for await (const object of store.list(keys.quarantined(day, folder))) {
    if (restored === limit) return { restored, kept, more: true }
    const key = object.slice(prefix.length)
    if (await store.stat(key)) {
      kept += 1
      continue
    }
    await store.move(object, key)
    restored += 1
  }
  return { restored, kept, more: false }
}
