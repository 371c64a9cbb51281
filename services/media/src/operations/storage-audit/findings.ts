import type { StorageFinding } from '@kinora/common/contracts'
import type { StorageKey, Store } from '@kinora/common/storage'
import type { Removable } from '../../repositories/deletions.ts'

/** A difference between rows and files, with the files that a sweep would move to quarantine; none where files are missing. */
export interface Finding extends StorageFinding {
  unknown: Removable[]
}

export interface FindingsPage {
  items: Finding[]
  /** Number of videos and folders that were checked. */
  looked: number
  /** The last one of them, after which the next page begins; null at the end. */
  last: string | null
}

/** A finding as the API shows it. */
export function toStorageFinding({ unknown: _, ...finding }: Finding): StorageFinding {
  return finding
}

/** Those files that were written before a moment of the store's clock, in milliseconds since 1970. */
export async function oldFiles(store: Store, files: StorageKey[], before: number): Promise<StorageKey[]> {
  const old: StorageKey[] = []
  for (const key of files) {
    const file = await store.stat(key)
    if (file && file.modifiedAt.getTime() < before) old.push(key)
  }
  return old
}
