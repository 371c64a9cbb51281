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

/** A part goes over a slow line; a server may put a large object together only now. */
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
  /** The next part, of so many bytes; `send` gives the ETag that the server answered with. */
  add(
    bytes: number,
    send: (part: PartPlace, options: { abortSignal: AbortSignal }) => Promise<string | undefined>,
  ): Promise<void>
  /** Makes the object of the parts, and makes sure of its length. */
  complete(): Promise<void>
  /** After a failure: takes back what was sent. What cannot be taken back now is swept later. */
  abort(): Promise<void>
}

/** An object in parts, which nobody can see until they are put together. It begins with the first part. */
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

    // An answer that was lost, and the SDK's retry that then finds no upload, do not tell whether it is done: looking does.
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
