import type { StorageKey, Store } from '@kinora/common/storage'
import { inTurn } from './in-turn.ts'

/**
 * Has `make` produce what is not stored under `key` yet. Throws `DEPENDENCY_UNAVAILABLE` when too many others wait.
 * Two gateways may do it at the same time and store the same.
 */
export async function madeOnce(store: Store, key: StorageKey, make: () => Promise<Buffer>): Promise<StorageKey> {
  if (await store.stat(key)) return key
  await inTurn(async () => {
    // Another request may have made it meanwhile.
    if (!(await store.stat(key))) await store.put(key, await make())
  })
  return key
}
