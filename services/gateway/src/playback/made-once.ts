import { AppError } from '@kinora/common/errors'
import type { StorageKey, Store } from '@kinora/common/storage'
import sharp from 'sharp'

/** Pictures are made one after another, on one thread: they must not slow down what else the gateway does. */
sharp.concurrency(1)
let turn: Promise<unknown> = Promise.resolve()
const MAX_WAITING = 50
let waiting = 0

/**
 * Has `make` produce what is not stored under `key` yet. Throws `DEPENDENCY_UNAVAILABLE` when too many others wait.
 * Two gateways may do it at the same time and store the same.
 */
export async function madeOnce(store: Store, key: StorageKey, make: () => Promise<Buffer>): Promise<StorageKey> {
  if (await store.stat(key)) return key
  if (waiting >= MAX_WAITING) {
    throw new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Too many pictures are being made' })
  }
  waiting += 1
  const made = turn.then(async () => {
    // Another request may have made it meanwhile.
    if (!(await store.stat(key))) await store.put(key, await make())
  })
  turn = made.catch(() => {})
  try {
    await made
  } finally {
    waiting -= 1
  }
  return key
}
