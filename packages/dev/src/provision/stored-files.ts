import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { S3Storage } from './bucket.ts'

type Place = { storageUrl: string; storageCredentials?: S3Storage['storageCredentials'] }

/** Paths of everything in a store, also of what is being written; at most some hundred files. */
export async function storedFiles({ storageUrl, storageCredentials }: Place): Promise<string[]> {
  return storageCredentials ? filesInBucket({ storageUrl, storageCredentials }) : filesIn(fileURLToPath(storageUrl))
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
}

async function filesInBucket({ storageUrl, storageCredentials: credentials }: S3Storage): Promise<string[]> {
  const { hostname: Bucket, searchParams } = new URL(storageUrl)
  const endpoint = searchParams.get('endpoint') ?? ''
  const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials })
  try {
    const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket }))
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    if (IsTruncated) throw new Error('There are more files than one page holds')
    return [...Contents, ...Uploads].map(({ Key = '' }) => Key)
  } finally {
    client.destroy()
  }
}
