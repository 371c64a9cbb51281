import { setTimeout as sleep } from 'node:timers/promises'
import { toAppError } from '@kinora/common/errors'
import type { Store } from '@kinora/common/storage'

const PAUSE_MS = 5000
/** After a longer outage, storage is not expected back soon. */
const MAX_WAIT_MS = 600_000
/** From this attempt on a task is not returned, because its failures are more than a temporary outage. */
const MANY_ATTEMPTS = 20

/** Whether an error means that storage is unreachable or full, which is temporary and not the task's fault. */
export function isStorageOutage(thrown: unknown, attempt: number): boolean {
  const { code } = toAppError(thrown)
  return (code === 'DEPENDENCY_UNAVAILABLE' || code === 'STORAGE_FULL') && attempt < MANY_ATTEMPTS
}

/** Waits until storage can be reached again; false after ten minutes. Resolves with true at once when `signal` aborts. */
export async function storageRecovers(store: Store, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + MAX_WAIT_MS
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
