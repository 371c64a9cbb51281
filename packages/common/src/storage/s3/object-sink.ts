import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3'
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
