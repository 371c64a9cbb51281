import { fileURLToPath } from 'node:url'
import { openDiskStore } from './disk.ts'
import type { S3Credentials } from './s3/bucket.ts'
import type { LocalCopiesOptions } from './s3/local-copies.ts'
import type { Store } from './store.ts'

export * from './guarded-store.ts'
export * from './installation-marker.ts'
export * from './keys.ts'
export { measure } from './pieces.ts'
export * from './quarantine.ts'
export type { S3Credentials } from './s3/bucket.ts'
export * from './storage-settings.ts'
export * from './store.ts'
export { StoreCheck } from './store-check.ts'

export interface StoreOptions {
  credentials?: S3Credentials | undefined
  /** Cache of materialised files for a remote store. A disk needs no copies. */
  copies?: LocalCopiesOptions
}

/**
 * Opens the store at a URL: `file:///var/lib/kinora` is a folder on a disk that gateway, media and workers share,
 * `s3://bucket/prefix` a bucket, see `parseS3Address`. Rejects when it cannot be reached.
 */
export async function openStore(url: string, { credentials, copies }: StoreOptions = {}): Promise<Store> {
  const parsed = new URL(url)
  if (parsed.protocol === 'file:') return await openDiskStore(fileURLToPath(parsed))
  if (parsed.protocol !== 's3:') throw new Error(`STORAGE_URL: ${parsed.protocol} is not supported; use file: or s3:`)
  // Imported here, because the SDK loads slowly and a disk does not need it.
  const { openS3Store } = await import('./s3/s3-store.ts')
  return await openS3Store(url, credentials, copies)
}
