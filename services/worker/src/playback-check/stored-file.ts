import { posix } from 'node:path'
import type { StorageKey, Store } from '@kinora/common/storage'
import type { ReadBytes } from '../media-tools/mp4-boxes.ts'
import { rule } from './rule.ts'

/** Segment headers fit in here, so most segments cost one read. */
const HEAD_BYTES = 16 * 1024

export interface StoredFile {
  key: StorageKey
  bytes: number
  read: ReadBytes
}

/** Opens a file that a playlist names. Throws a host fault when it is missing or empty. */
export async function openStored(store: Store, key: StorageKey): Promise<StoredFile> {
  const found = await store.stat(key)
  rule(found !== null && found.bytes > 0, 'every file that a playlist names exists and is not empty', key)
  const { bytes } = found
  let head: Promise<Buffer> | undefined
  const read: ReadBytes = async (start, end) => {
    if (end > HEAD_BYTES) return await readRange(store, key, start, Math.min(end, bytes))
    head ??= readRange(store, key, 0, Math.min(HEAD_BYTES, bytes))
    return (await head).subarray(start, end)
  }
  return { key, bytes, read }
}

/** The key of what a playlist calls by a relative address (RFC 3986 section 5); it never leaves the playlist's folder. */
export function resolveUri(playlistKey: StorageKey, uri: string): StorageKey {
  const folder = posix.dirname(playlistKey)
  const key = posix.join(folder, uri)
  const inside = key.startsWith(`${folder}/`)
  rule(inside && !/[?#:%]/.test(uri), 'playlists name only files of their own video, by relative address', playlistKey)
  return key
}

async function readRange(store: Store, key: StorageKey, start: number, end: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of store.read(key, { start, end: end - 1 })) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
