import { CopyObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3'
import type { StorageKey } from '../store.ts'
import { ask } from './ask.ts'
import { type Bucket, objectAt } from './bucket.ts'
import { multipartUpload, TRANSFER_MS } from './multipart-upload.ts'

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
