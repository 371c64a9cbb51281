import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
} from '@aws-sdk/client-s3'
import { AppError } from '../../errors.ts'
import type { StorageKey } from '../store.ts'
import { ask } from './ask.ts'
import { type Bucket, objectAt } from './bucket.ts'

/** Enough for a part over a slow connection, and for a server that assembles a large object only at the end. */
export const TRANSFER_MS = 60_000

interface PartPlace {
  Bucket: string
  Key: string
  UploadId: string | undefined
  PartNumber: number
}

export interface MultipartUpload {
  /** Parts so far. */
  count(): number
  /** Adds the next part, of so many bytes; `send` resolves with the ETag of the server's answer. */
  add(
    bytes: number,
    send: (part: PartPlace, options: { abortSignal: AbortSignal }) => Promise<string | undefined>,
  ): Promise<void>
  /** Assembles the object from the parts, and checks its length. */
  complete(): Promise<void>
  /** After a failure: removes the parts. Parts that cannot be removed now are swept later. */
  abort(): Promise<void>
}

/** An object sent in parts, which is invisible until they are assembled. The upload starts with the first part. */
export function multipartUpload(bucket: Bucket, key: StorageKey): MultipartUpload {
  const { client } = bucket
  const object = objectAt(bucket, key)
  const parts: { PartNumber: number; ETag: string }[] = []
  let UploadId: string | undefined
  let sent = 0
  let completing = false

  return {
    count: () => parts.length,

    async add(bytes, send) {
      UploadId ??= (await ask((options) => client.send(new CreateMultipartUploadCommand(object), options))).UploadId
      const PartNumber = parts.length + 1
      const ETag = await ask((options) => send({ ...object, UploadId, PartNumber }, options), TRANSFER_MS)
      if (ETag === undefined) throw new AppError('DEPENDENCY_UNAVAILABLE')
      parts.push({ PartNumber, ETag })
      sent += bytes
    },

    // After a lost answer, the SDK's retry finds no upload; only the object itself shows whether it was assembled.
    async complete() {
      completing = true
      const together = new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts: parts } })
      const failure = await ask((options) => client.send(together, options), TRANSFER_MS).then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      const found = await ask((options) => client.send(new HeadObjectCommand(object), options)).catch(() => undefined)
      if (found?.ContentLength === sent) return
      throw failure?.error ?? new AppError('DEPENDENCY_UNAVAILABLE')
    },

    async abort() {
      if (UploadId === undefined) return
      const command = new AbortMultipartUploadCommand({ ...object, UploadId })
      await ask((options) => client.send(command, options)).catch(() => {})
      if (completing) await ask((options) => client.send(new DeleteObjectCommand(object), options)).catch(() => {})
    },
  }
}
