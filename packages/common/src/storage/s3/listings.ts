import {
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3'
import type { StorageKey } from '../store.ts'
import { ask } from './ask.ts'
import type { Bucket } from './bucket.ts'

/** A listing is slower than other calls where many objects were deleted. */
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
