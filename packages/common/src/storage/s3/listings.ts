import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
  ListPartsCommand,
  type ListPartsCommandOutput,
  type MultipartUpload,
} from '@aws-sdk/client-s3'
import type { StorageKey } from '../store.ts'
import { ask } from './ask.ts'
import type { Bucket } from './bucket.ts'

/** Longer than for other calls, because a listing is slow after many deletions. */
const LIST_MS = 30_000

export async function* listKeys(bucket: Bucket, folder: StorageKey): AsyncGenerator<StorageKey> {
  for await (const { Contents = [] } of pages(bucket, { Prefix: `${bucket.prefix}${folder}/` })) {
    for (const { Key } of Contents) if (Key !== undefined) yield Key.slice(bucket.prefix.length)
  }
}

export async function* listFolders(bucket: Bucket, folder: StorageKey, after = ''): AsyncGenerator<string> {
  const Prefix = `${bucket.prefix}${folder}/`
  // The slash that ends a folder's name is followed by the digit zero.
  const StartAfter = after === '' ? undefined : `${Prefix}${after}0`
  for await (const { CommonPrefixes = [] } of pages(bucket, { Prefix, Delimiter: '/', StartAfter })) {
    const names = CommonPrefixes.map(({ Prefix: found = '' }) => found.slice(Prefix.length, -1))
    yield* names.filter((name) => name > after)
  }
}

async function* pages(
  { client, name }: Bucket,
  what: Omit<ListObjectsV2CommandInput, 'Bucket'>,
): AsyncGenerator<ListObjectsV2CommandOutput> {
  let ContinuationToken: string | undefined
  do {
    const command = new ListObjectsV2Command({ ...what, Bucket: name, ContinuationToken })
    const page: ListObjectsV2CommandOutput = await ask((options) => client.send(command, options), LIST_MS)
    yield page
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined
  } while (ContinuationToken !== undefined)
}

/** Folders of a store; other keys in the bucket may belong to another store under its own prefix. */
const FOLDERS = /^(sources|videos|pieces|quarantine)\//

/** Aborts multipart uploads without a new part since `before`, because their writers are dead. */
export async function abortUploads(bucket: Bucket, before: Date): Promise<void> {
  const { client, name: Bucket } = bucket
  for await (const upload of unfinished(bucket)) {
    const { Key, UploadId, Initiated } = upload
    if (!FOLDERS.test(Key?.slice(bucket.prefix.length) ?? '')) continue
    if (!Initiated || Initiated >= before || !(await isIdle(bucket, upload, before))) continue
    await ask((options) => client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options))
  }
}

async function* unfinished({ client, name, prefix }: Bucket): AsyncGenerator<MultipartUpload> {
  let place: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: name, Prefix: prefix, ...place })
    const page: ListMultipartUploadsCommandOutput = await ask((options) => client.send(command, options))
    yield* page.Uploads ?? []
    if (!page.IsTruncated) return
    place = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
  }
}

async function isIdle({ client, name }: Bucket, { Key, UploadId }: MultipartUpload, before: Date): Promise<boolean> {
  let PartNumberMarker: string | undefined
  do {
    const command = new ListPartsCommand({ Bucket: name, Key, UploadId, PartNumberMarker })
    const page: ListPartsCommandOutput = await ask((options) => client.send(command, options))
    if (page.Parts?.some(({ LastModified }) => LastModified && LastModified >= before)) return false
    PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined
  } while (PartNumberMarker !== undefined)
  return true
}
