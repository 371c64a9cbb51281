import { S3Client } from '@aws-sdk/client-s3'
import type { StorageKey } from '../store.ts'
import type { S3Address } from './s3-address.ts'

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
