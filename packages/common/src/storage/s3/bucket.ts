import { S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import type { StorageKey } from '../store.ts'

export interface S3Credentials {
  accessKeyId: string
  secretAccessKey: string
}

/** One bucket, or the part of it under a prefix. */
export interface Bucket {
  client: S3Client
  name: string
  prefix: string
}

const CONNECT_MS = 2000
const ATTEMPTS = 3
/** Every player that is served holds one for as long as its segment takes. */
const MAX_SOCKETS = 500

/** Without credentials the SDK looks for them as it does everywhere, which on AWS finds the machine's role. */
export function openBucket(address: S3Address, credentials: S3Credentials | undefined): Bucket {
  const { bucket, prefix, endpoint, region } = address
  // It would tell at every start that later versions of itself will want a later Node; ours is pinned.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS }
  const client = new S3Client({
    region,
    ...(credentials && { credentials }),
    // Servers on a machine of one's own seldom have a name for each bucket.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    // Other servers than AWS do not know the newer checksums; the signature covers a SHA-256 of every body as it is.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: ATTEMPTS,
    // How long an answer may take is `ask`'s to say.
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: 0, httpAgent: agent, httpsAgent: agent },
  })
  return { client, name: bucket, prefix }
}

/** Names an object to the store. */
export function objectAt({ name, prefix }: Bucket, key: StorageKey): { Bucket: string; Key: string } {
  return { Bucket: name, Key: prefix + key }
}

export interface S3Address {
  bucket: string
  /** Goes before every key: empty, or ends with a slash. */
  prefix: string
  /** Undefined for AWS itself. */
  endpoint: string | undefined
  region: string
}

const Query = z.strictObject({
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  region: z.string().min(1).default('us-east-1'),
})

/**
 * Takes `s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-west-1` apart; only the bucket is required.
 * Throws what may be shown: an address with credentials in it is refused without being repeated.
 */
export function parseS3Address(url: string): S3Address {
  const { hostname, pathname, searchParams, username, password } = new URL(url)
  if (username !== '' || password !== '') {
    throw new Error('STORAGE_URL: credentials belong into S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY')
  }
  if (hostname === '') throw new Error('STORAGE_URL: names no bucket')
  const query = Query.safeParse(Object.fromEntries(searchParams))
  if (!query.success) throw new Error('STORAGE_URL: takes an endpoint (http or https) and a region, and nothing else')
  const prefix = pathname.split('/').filter((word) => word !== '')
  return {
    bucket: hostname,
    prefix: prefix.map((word) => `${word}/`).join(''),
    endpoint: query.data.endpoint,
    region: query.data.region,
  }
}
