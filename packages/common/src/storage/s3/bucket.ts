import { S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import type { StorageKey } from '../store.ts'

export interface S3Credentials {
  accessKeyId: string
  secretAccessKey: string
}

/** A bucket, or the part of it under a prefix. */
export interface Bucket {
  client: S3Client
  name: string
  prefix: string
}

const CONNECT_MS = 2000
const ATTEMPTS = 3
/** Each player occupies one while its segment is sent. */
const MAX_SOCKETS = 500

/** Opens a bucket. Without credentials the SDK searches its usual sources, which on AWS include the machine's role. */
export function openBucket(address: S3Address, credentials: S3Credentials | undefined): Bucket {
  const { bucket, prefix, endpoint, region } = address
  // Suppresses a warning at every start that later versions of the SDK need a later Node; our version is pinned.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS }
  const client = new S3Client({
    region,
    ...(credentials && { credentials }),
    // Self-hosted servers seldom have a host name for each bucket.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    // Other servers than AWS do not support the newer checksums; the signature already covers a SHA-256 of every body.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: ATTEMPTS,
    // The time limit of an answer is set in `ask`.
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: 0, httpAgent: agent, httpsAgent: agent },
  })
  return { client, name: bucket, prefix }
}

/** The parameters that identify an object in requests. */
export function objectAt({ name, prefix }: Bucket, key: StorageKey): { Bucket: string; Key: string } {
  return { Bucket: name, Key: prefix + key }
}

export interface S3Address {
  bucket: string
  /** Precedes every key: empty, or ends with a slash. */
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
 * Parses `s3://bucket/prefix?endpoint=https://s3.example.com&region=eu-west-1`; only the bucket is required. Throws
 * errors that are safe to show: an address with credentials is refused without repeating it.
 */
export function parseS3Address(url: string): S3Address {
  const { hostname, pathname, searchParams, username, password } = new URL(url)
  if (username !== '' || password !== '') {
    throw new Error('STORAGE_URL: put credentials into S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY')
  }
  if (hostname === '') throw new Error('STORAGE_URL: names no bucket')
  const query = Query.safeParse(Object.fromEntries(searchParams))
  if (!query.success)
    throw new Error('STORAGE_URL: only an endpoint (http or https) and a region are allowed as parameters')
  const prefix = pathname.split('/').filter((word) => word !== '')
  return {
    bucket: hostname,
    prefix: prefix.map((word) => `${word}/`).join(''),
    endpoint: query.data.endpoint,
    region: query.data.region,
  }
}
