import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { openStore, type Store } from '@kinora/common/storage'
import type { PrivateS3 } from '@kinora/dev/harness'

export interface OpenedStore {
  store: Store
  /** A local folder, on the disk of a disk store. */
  folder: string
  /** What is being written, or was left by writers that died. */
  unfinished(): Promise<string[]>
  close(): Promise<void>
}

export async function openDisk(): Promise<OpenedStore> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-store-'))
  return {
    folder,
    store: await openStore(`file://${folder}`),
    unfinished: () => readdir(join(folder, 'incoming')),
    close: () => rm(folder, { recursive: true }),
  }
}

export async function openS3({ access, bucket }: PrivateS3): Promise<OpenedStore> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-store-'))
  const { storageUrl, storageCredentials: credentials } = await bucket()
  const client = new S3Client({ region: 'us-east-1', endpoint: access.endpoint, forcePathStyle: true, credentials })
  const command = new ListMultipartUploadsCommand({ Bucket: new URL(storageUrl).hostname })
  return {
    folder,
    store: await openStore(storageUrl, { credentials }),
    unfinished: async () => ((await client.send(command)).Uploads ?? []).map(({ Key = '' }) => Key),
    close: () => rm(folder, { recursive: true }),
  }
}
