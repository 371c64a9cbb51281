import { CopyObjectCommand, PutObjectCommand, UploadPartCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3'
import type { Sink } from '../receive.ts'
import type { StorageKey } from '../store.ts'
import { ask } from './ask.ts'
import { type Bucket, objectAt } from './bucket.ts'
import { type MultipartUpload, multipartUpload, TRANSFER_MS } from './multipart-upload.ts'

const PART_BYTES = 8 * 1024 * 1024
/** S3's limit of parts for one upload. */
const MAX_PARTS = 10_000
const MAX_OBJECT_BYTES = 5 * 1024 ** 4

/**
 * Writes an object. A small one is sent in one request, a larger one in parts that are invisible until the last call assembles
 * them. The server checks each body against the SHA-256 in the request's signature.
 * @param atMost the most bytes to expect, which decides the size of the parts
 */
export function objectSink(bucket: Bucket, key: StorageKey, atMost: number): Sink & Pick<MultipartUpload, 'abort'> {
  const { client } = bucket
  const upload = multipartUpload(bucket, key)

  async function write(batch: Buffer[]): Promise<void> {
    const Body = Buffer.concat(batch)
    await upload.add(Body.length, async (part, options) => {
      return (await client.send(new UploadPartCommand({ ...part, Body }), options)).ETag
    })
  }

  async function end(batch: Buffer[]): Promise<void> {
    if (upload.count() === 0) {
      const whole = new PutObjectCommand({ ...objectAt(bucket, key), Body: Buffer.concat(batch) })
      await ask((options) => client.send(whole, options), TRANSFER_MS)
      return
    }
    if (batch.length > 0) await write(batch)
    await upload.complete()
  }

  return { batchBytes: partBytes(atMost), write, end, abort: upload.abort }
}

function partBytes(atMost: number): number {
  return Math.max(PART_BYTES, Math.ceil(Math.min(atMost, MAX_OBJECT_BYTES) / MAX_PARTS))
}

/** Bytes to copy in one call, so that it ends within its time limit; S3 itself allows 5 GiB. */
const WHOLE_BYTES = 512 * 1024 * 1024

/** Copies an object of `bytes` bytes inside the bucket, on the server. */
export async function copyObject(bucket: Bucket, from: StorageKey, to: StorageKey, bytes: number): Promise<void> {
  const { Bucket: name, Key } = objectAt(bucket, from)
  // The header contains a URL path, so the key is escaped.
  const CopySource = `${name}/${Key.split('/').map(encodeURIComponent).join('/')}`
  if (bytes <= WHOLE_BYTES) {
    const whole = new CopyObjectCommand({ ...objectAt(bucket, to), CopySource })
    await ask((options) => bucket.client.send(whole, options), TRANSFER_MS)
    return
  }
  const upload = multipartUpload(bucket, to)
  try {
    for (let start = 0; start < bytes; start += WHOLE_BYTES) {
      const end = Math.min(start + WHOLE_BYTES, bytes) - 1
      const range = { CopySource, CopySourceRange: `bytes=${start}-${end}` }
      await upload.add(end - start + 1, async (part, options) => {
        const { CopyPartResult } = await bucket.client.send(new UploadPartCopyCommand({ ...part, ...range }), options)
        return CopyPartResult?.ETag
      })
    }
    await upload.complete()
  } catch (error) {
    await upload.abort()
    throw error
  }
}
