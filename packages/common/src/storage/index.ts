import { fileURLToPath } from 'node:url'
import { openDiskStore } from './disk.ts'
import type { Store } from './store.ts'

export * from './keys.ts'
export * from './store.ts'

/** `file:///var/lib/kinora` is a folder on a disk that gateway, media and workers share. */
export async function openStore(url: string): Promise<Store> {
  const parsed = new URL(url)
  if (parsed.protocol === 'file:') return await openDiskStore(fileURLToPath(parsed))
  throw new Error(`STORAGE_URL: ${parsed.protocol} is not a kind of storage that Kinora knows`)
}
