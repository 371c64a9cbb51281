import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { openDiskStore } from './disk.ts'
import type { S3Credentials } from './s3/bucket.ts'
import type { LocalCopiesOptions } from './s3/local-copies.ts'
import type { Store } from './store.ts'

export * from './installation-marker.ts'
export * from './keys.ts'
export { measure } from './pieces.ts'
export * from './quarantine.ts'
export type { S3Credentials } from './s3/bucket.ts'
export * from './store.ts'
export * from './store-check.ts'

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

/** Variables of every service that reads or writes files. */
export const storageSettings = {
  /** `file:///folder`, or `s3://bucket/prefix?endpoint=…&region=…`, without credentials. */
  STORAGE_URL: z.url({ protocol: /^(file|s3)$/ }),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
}

interface StorageConfig {
  S3_ACCESS_KEY_ID?: string | undefined
  S3_SECRET_ACCESS_KEY?: string | undefined
}

/** The S3 access keys; undefined when none is set. Throws when only one of them is set. */
export function s3Credentials({
  S3_ACCESS_KEY_ID: accessKeyId,
  S3_SECRET_ACCESS_KEY: secretAccessKey,
}: StorageConfig): S3Credentials | undefined {
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error('Set both S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or neither')
  }
  return { accessKeyId, secretAccessKey }
}
