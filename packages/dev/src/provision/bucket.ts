import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
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
