import type { Readable } from 'node:stream'

/** A path of our own making, never a client's: `videos/<id>/master.m3u8`. */
export type StorageKey = string

export interface WriteOptions {
  /** More than this is refused while it streams, with `UPLOAD_TOO_LARGE`. */
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

/** What one request has brought of an upload that comes in several. */
export interface Piece {
  key: StorageKey
  bytes: number
  /** Hex, of these bytes; absent where they were not hashed on the way. */
  sha256?: string
}

/**
 * Where the bytes live. A key is either wholly there or not there, however its writer ends. Reading what is not there
 * throws `FILE_NOT_FOUND`, and a store that cannot be reached `DEPENDENCY_UNAVAILABLE`, within seconds.
 */
export interface Store {
  /** Streams to `key` with back-pressure; memory stays flat whatever the size. */
  write(key: StorageKey, bytes: AsyncIterable<Buffer>, options: WriteOptions): Promise<Written>
  /** Writes something small. */
  put(key: StorageKey, content: string | Uint8Array): Promise<void>
  /** Writes something small where nothing has that name; false where something has, also when two try at once. */
  create(key: StorageKey, content: string): Promise<boolean>
  /** Moves a finished local file into the store. */
  adopt(path: string, key: StorageKey): Promise<void>
  /** Makes the object readable at a local path, without copying where the store allows it; treat it as read-only. */
  materialise(key: StorageKey, path: string): Promise<void>
  /** A second name for what will not change, without moving bytes through us; either may be removed without the other. */
  copy(from: StorageKey, to: StorageKey): Promise<void>
  /** Gives an object another name. A crash in the middle may leave it under both, and doing it again ends that. */
  move(from: StorageKey, to: StorageKey): Promise<void>
  stat(key: StorageKey): Promise<StoredFile | null>
  read(key: StorageKey, range?: ByteRange): Readable
  /** All of something small. */
  get(key: StorageKey): Promise<Buffer>
  /**
   * Streams to a piece, which only `sealPiece` and `joinPieces` know how to read, and which `removeFolder` removes. Unlike an
   * object it may be cut off anywhere; what was written before is kept. Each writer has a piece of his own.
   */
  writePiece(key: StorageKey, bytes: AsyncIterable<Buffer>, maxBytes: number): Promise<Written>
  /**
   * Makes durable what has arrived of a piece, also one whose writer died, and says how much that is; 0 where there is
   * none. What its writer may still add is no part of it.
   */
  sealPiece(key: StorageKey): Promise<number>
  /** Makes one object of sealed pieces. They may be gone afterwards; joining them again gives the same answer. */
  joinPieces(pieces: readonly Piece[], key: StorageKey): Promise<Written>
  /** Keys under a folder, in no order. */
  list(folder: StorageKey): AsyncIterable<StorageKey>
  /** Names of the folders that lie directly in a folder, those behind `after` if it is given, in ascending order. */
  listFolders(folder: StorageKey, after?: string): AsyncIterable<string>
  remove(key: StorageKey): Promise<void>
  removeFolder(folder: StorageKey): Promise<void>
  /** Removes what writers that died have left, if nothing was written to it since then. */
  removeUnfinished(before: Date): Promise<void>
  /** Rejects when nothing can be written; for readiness checks. */
  check(): Promise<void>
}

const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/

/** Keys are built from ids and numbers; anything else is a mistake that must not reach the disk. */
export function assertKey(key: StorageKey): void {
  if (key.length > 300 || !key.split('/').every((segment) => SEGMENT.test(segment))) {
    throw new Error('not a storage key')
  }
}
