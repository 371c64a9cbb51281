import type { StorageKey, Store } from '@kinora/common/storage'

/** Of these files those that were written before a moment of the store's clock, in milliseconds since 1970. */
export async function oldFiles(store: Store, files: StorageKey[], before: number): Promise<StorageKey[]> {
  const old: StorageKey[] = []
  for (const key of files) {
    const file = await store.stat(key)
    if (file && file.modifiedAt.getTime() < before) old.push(key)
  }
  return old
}
