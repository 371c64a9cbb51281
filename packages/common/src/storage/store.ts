import type { Readable } from 'node:stream'

/** A path built by `keys`, never by a client: `videos/<id>/master.m3u8`. */
export type StorageKey = string

export interface WriteOptions {
  /** More bytes than this are refused with `UPLOAD_TOO_LARGE` while they arrive. */
  maxBytes: number
  /** Fewer or more bytes than this are refused with `UPLOAD_INCOMPLETE`; null when the length was not announced. */
  expectedBytes: number | null
}

export interface Written {
  bytes: number
  /** Hex. */
  sha256: string
}

export interface StoredFile {
  bytes: number
  modifiedAt: Date
}

/** First and last byte, both included (RFC 9110 section 14.1.2). */
export interface ByteRange {
  start: number
  end: number
}

/** Where another server finds the bytes of an object: below the folder of objects on the shared disk, or at a URL for a minute. */
export type Location = { kind: 'file'; path: string } | { kind: 'url'; url: string }

/** The bytes that one request sent of a resumable upload. */
export interface Piece {
  key: StorageKey
  bytes: number
  /** SHA-256 of these bytes in hex; absent when they were not hashed while they arrived. */
  sha256?: string
}

/**
 * The store of all files. An object is either complete or missing, however its writer ends. Reading a missing one throws
 * `FILE_NOT_FOUND`; a store that cannot be reached throws `DEPENDENCY_UNAVAILABLE` within seconds.
 */
export interface Store {
  /** Streams to `key` with back-pressure, so that memory does not grow with the size. */
  write(key: StorageKey, bytes: AsyncIterable<Buffer>, options: WriteOptions): Promise<Written>
  /** Writes a small object. */
  put(key: StorageKey, content: string | Uint8Array): Promise<void>
  /** Writes a small object unless the key exists; then false, also for all but one of concurrent callers. */
  create(key: StorageKey, content: string): Promise<boolean>
  /** Moves a finished local file into the store. */
  adopt(path: string, key: StorageKey): Promise<void>
  /** Makes the object readable at a local path, without copying if possible; the file must not be changed. */
  materialise(key: StorageKey, path: string): Promise<void>
  /** Gives an object a second key, without moving its bytes through this process; either can be removed without the other. */
  copy(from: StorageKey, to: StorageKey): Promise<void>
  /** Gives an object another key. A crash may leave it under both keys; repeating the call repairs that. */
  move(from: StorageKey, to: StorageKey): Promise<void>
  stat(key: StorageKey): Promise<StoredFile | null>
  read(key: StorageKey, range?: ByteRange): Readable
  /** Where the bytes are, so that they need not pass through this process. On a disk null when there is no such object. */
  locate(key: StorageKey): Promise<Location | null>
  /** Reads a small object. */
  get(key: StorageKey): Promise<Buffer>
  /**
   * Streams to a piece, which only `sealPiece` and `joinPieces` can read, and `removeFolder` removes. Unlike an object
   * it may be cut off anywhere; the bytes written before are kept. Each writer has its own piece.
   */
  writePiece(key: StorageKey, bytes: AsyncIterable<Buffer>, maxBytes: number): Promise<Written>
  /**
   * Makes the bytes of a piece durable, also after its writer died, and returns their number; 0 when there is no piece. Bytes
   * that its writer may still add do not count.
   */
  sealPiece(key: StorageKey): Promise<number>
  /** Joins sealed pieces to one object. The pieces may be gone afterwards; joining them again returns the same result. */
  joinPieces(pieces: readonly Piece[], key: StorageKey): Promise<Written>
  /** Keys in a folder and its subfolders, in no particular order. */
  list(folder: StorageKey): AsyncIterable<StorageKey>
  /** Names of the folders directly in a folder, after `after` if it is given, in ascending order. */
  listFolders(folder: StorageKey, after?: string): AsyncIterable<string>
  remove(key: StorageKey): Promise<void>
  removeFolder(folder: StorageKey): Promise<void>
  /** Removes unfinished files and uploads of dead writers that were last written before `before`. */
  removeUnfinished(before: Date): Promise<void>
  /** Rejects when nothing can be written; for readiness checks. */
  check(): Promise<void>
}

const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/

/** Throws for a text that is not a key: keys are built from ids and numbers, and nothing else must reach the disk. */
export function assertKey(key: StorageKey): void {
  if (key.length > 300 || !key.split('/').every((segment) => SEGMENT.test(segment))) {
    throw new Error('not a storage key')
  }
}
