import type { StorageKey, Store } from '@kinora/common/storage'

/** Longer than an attempt or the registration of an upload takes: a younger file may get its row yet. */
const AGE_MS = 3600 * 1000

/** Of these files those that nobody can be working on any more. */
export async function oldFiles(store: Store, files: StorageKey[]): Promise<StorageKey[]> {
  const old: StorageKey[] = []
  for (const key of files) {
    const file = await store.stat(key)
    if (file && Date.now() - file.modifiedAt.getTime() > AGE_MS) old.push(key)
  }
  return old
}
