import { setTimeout as sleep } from 'node:timers/promises'
import { toAppError } from '@kinora/common/errors'
import type { Store } from '@kinora/common/storage'

const PAUSE_MS = 5000
/** Whoever has not had its storage back after so long is not helped by waiting. */
const PATIENCE_MS = 600_000
/** An attempt of this number or higher is not given back any more: then something else is wrong with this task or its storage. */
const MANY_ATTEMPTS = 20

/** The storage is away or full: nobody's fault, and it passes. */
export function isStorageTrouble(thrown: unknown, attempt: number): boolean {
  const { code } = toAppError(thrown)
  return (code === 'DEPENDENCY_UNAVAILABLE' || code === 'STORAGE_FULL') && attempt < MANY_ATTEMPTS
}

/** Waits until the storage can be reached again; false when it stays away. Ends at once, as if it could, when `signal` aborts. */
export async function storageComesBack(store: Store, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {})
    const isThere = await store.check().then(
      () => true,
      () => false,
    )
    if (isThere || signal.aborted) return true
  }
  return false
}
