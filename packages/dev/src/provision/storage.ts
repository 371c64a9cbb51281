import { randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { S3Server } from '../backing/backing.ts'

export type S3Access = Omit<S3Server, 'control'>

/** The services' settings for a store: `STORAGE_URL` and the access keys. */
export type S3Storage = { storageUrl: string; storageCredentials: { accessKeyId: string; secretAccessKey: string } }

/** Creates a bucket; it is removed only with its server. */
export async function createBucket({ endpoint, accessKeyId, secretAccessKey }: S3Access): Promise<S3Storage> {
  const storageCredentials = { accessKeyId, secretAccessKey }
  const bucket = `kinora-${randomBytes(5).toString('hex')}`
  const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials: storageCredentials })
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
  } finally {
    client.destroy()
  }
  const storageUrl = `s3://${bucket}/kinora?endpoint=${encodeURIComponent(endpoint)}&region=us-east-1`
  return { storageUrl, storageCredentials }
}

type Place = { storageUrl: string; storageCredentials?: S3Storage['storageCredentials'] }

/** Paths of all files in a store, also of those being written. For small stores: throws above one page of 1000 objects. */
export async function storedFiles(place: Place): Promise<string[]> {
  return [...(await storedSizes(place)).keys()]
}

/** Bytes of all files in a store, by path; 0 for multipart uploads that are not complete. */
export async function storedSizes({ storageUrl, storageCredentials }: Place): Promise<Map<string, number>> {
  return storageCredentials ? sizesInBucket({ storageUrl, storageCredentials }) : sizesIn(fileURLToPath(storageUrl))
}

async function sizesIn(folder: string): Promise<Map<string, number>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  const sizes = await Promise.all(paths.map(async (path) => [relative(folder, path), await sizeOf(path)] as const))
  return new Map(sizes.flatMap(([path, bytes]) => (bytes === null ? [] : [[path, bytes] as const])))
}

/** Bytes of a file; null when it was removed after it was listed. */
async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null)
  return found?.size ?? null
}

async function sizesInBucket({ storageUrl, storageCredentials: credentials }: S3Storage): Promise<Map<string, number>> {
  const { hostname: Bucket, searchParams } = new URL(storageUrl)
  const endpoint = searchParams.get('endpoint') ?? ''
  const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials })
  try {
    const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket }))
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    if (IsTruncated) throw new Error('There are more files than one page holds')
    return new Map([
      ...Uploads.map(({ Key = '' }) => [Key, 0] as const),
      ...Contents.map(({ Key = '', Size = 0 }) => [Key, Size] as const),
    ])
  } finally {
    client.destroy()
  }
}
