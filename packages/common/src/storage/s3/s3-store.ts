import { createReadStream, createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { AppError } from '../../errors.ts'
import { receive } from '../receive.ts'
import {
  assertKey,
  type ByteRange,
  type Location,
  type Piece,
  type StorageKey,
  type Store,
  type StoredFile,
  type WriteOptions,
  type Written,
} from '../store.ts'
import { ask, piecesOf } from './ask.ts'
import { type Bucket, objectAt, openBucket, parseS3Address, type S3Credentials } from './bucket.ts'
import { abortUploads, listFolders, listKeys } from './listings.ts'
import { LocalCopies, type LocalCopiesOptions } from './local-copies.ts'
import { joinObjectPieces, sealObjectPiece, writeObjectPiece } from './object-pieces.ts'
import { copyObject, objectSink } from './write-object.ts'

/**
 * Objects are deleted one by one, because some servers require a Content-MD5 with `DeleteObjects` that the SDK does not
 * send.
 */
const DELETIONS_AT_ONCE = 16

/** A server that is told a location asks there at once. */
const LOCATION_SECONDS = 60

/** A store in a bucket of any S3 server. An object appears with the call that ends its upload, or not at all. */
class S3Store implements Store {
  readonly #bucket: Bucket
  readonly #copies: LocalCopies | undefined

  /** @param copies cache of objects that were made readable at a local path */
  constructor(bucket: Bucket, copies: LocalCopies | undefined) {
    this.#bucket = bucket
    this.#copies = copies
  }

  async check(): Promise<void> {
    const { client, name } = this.#bucket
    await ask((options) => client.send(new HeadBucketCommand({ Bucket: name }), options))
  }

  async write(key: StorageKey, bytes: AsyncIterable<Buffer>, options: WriteOptions): Promise<Written> {
    assertKey(key)
    const sink = objectSink(this.#bucket, key, options.expectedBytes ?? options.maxBytes)
    try {
      return await receive(bytes, sink, options)
    } catch (error) {
      await sink.abort()
      throw error
    }
  }

  async put(key: StorageKey, content: string | Uint8Array): Promise<void> {
    const command = new PutObjectCommand({ ...this.#at(key), Body: content })
    await ask((options) => this.#bucket.client.send(command, options))
  }

  async create(key: StorageKey, content: string): Promise<boolean> {
    if (await this.stat(key)) return false
    const command = new PutObjectCommand({ ...this.#at(key), Body: content, IfNoneMatch: '*' })
    await ask((options) => this.#bucket.client.send(command, options)).catch(async (error: Error) => {
      // Not every server supports conditional writes.
      if ((error.cause as Error | undefined)?.name === 'NotImplemented') return await this.put(key, content)
      if (error.name !== 'PreconditionFailed') throw error
    })
    // A server may ignore the condition; then the object shows which of two writers was last.
    return (await this.get(key)).toString() === content
  }

  async adopt(path: string, key: StorageKey): Promise<void> {
    const { size } = await stat(path)
    await this.write(key, createReadStream(path), { maxBytes: size, expectedBytes: size })
    await rm(path, { force: true })
  }

  async materialise(key: StorageKey, path: string): Promise<void> {
    if (!this.#copies) return await this.#download(key, path)
    const found = await this.stat(key)
    if (!found) throw new AppError('FILE_NOT_FOUND')
    await this.#copies.place({ key, bytes: found.bytes, fetch: (copy) => this.#download(key, copy) }, path)
  }

  async copy(from: StorageKey, to: StorageKey): Promise<void> {
    assertKey(to)
    const found = await this.stat(from)
    if (!found) throw new AppError('FILE_NOT_FOUND')
    await copyObject(this.#bucket, from, to, found.bytes)
  }

  async move(from: StorageKey, to: StorageKey): Promise<void> {
    await this.copy(from, to)
    await this.remove(from)
  }

  async stat(key: StorageKey): Promise<StoredFile | null> {
    const command = new HeadObjectCommand(this.#at(key))
    try {
      const { ContentLength = 0, LastModified } = await ask((options) => this.#bucket.client.send(command, options))
      return { bytes: ContentLength, modifiedAt: LastModified ?? new Date(0) }
    } catch (error) {
      if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return null
      throw error
    }
  }

  async locate(key: StorageKey): Promise<Location> {
    const command = new GetObjectCommand(this.#at(key))
    return { kind: 'url', url: await getSignedUrl(this.#bucket.client, command, { expiresIn: LOCATION_SECONDS }) }
  }

  read(key: StorageKey, range?: ByteRange): Readable {
    return Readable.from(this.#pieces(key, range), { objectMode: false, highWaterMark: 256 * 1024 })
  }

  async get(key: StorageKey): Promise<Buffer> {
    return await buffer(this.#pieces(key))
  }

  async writePiece(key: StorageKey, bytes: AsyncIterable<Buffer>, maxBytes: number): Promise<Written> {
    return await writeObjectPiece(this, key, bytes, maxBytes)
  }

  async sealPiece(key: StorageKey): Promise<number> {
    return await sealObjectPiece(this, key)
  }

  async joinPieces(pieces: readonly Piece[], key: StorageKey): Promise<Written> {
    return await joinObjectPieces(this, pieces, key)
  }

  list(folder: StorageKey): AsyncIterable<StorageKey> {
    assertKey(folder)
    return listKeys(this.#bucket, folder)
  }

  listFolders(folder: StorageKey, after?: string): AsyncIterable<string> {
    assertKey(folder)
    return listFolders(this.#bucket, folder, after)
  }

  async remove(key: StorageKey): Promise<void> {
    const command = new DeleteObjectCommand(this.#at(key))
    await ask((options) => this.#bucket.client.send(command, options)).catch((error: unknown) => {
      if (!(error instanceof AppError && error.code === 'FILE_NOT_FOUND')) throw error
    })
  }

  async removeFolder(folder: StorageKey): Promise<void> {
    await forEachAtOnce(this.list(folder), DELETIONS_AT_ONCE, (key) => this.remove(key))
  }

  async removeUnfinished(before: Date): Promise<void> {
    await abortUploads(this.#bucket, before)
  }

  #at(key: StorageKey) {
    assertKey(key)
    return objectAt(this.#bucket, key)
  }

  async *#pieces(key: StorageKey, range?: ByteRange): AsyncGenerator<Buffer> {
    const command = new GetObjectCommand({
      ...this.#at(key),
      ...(range && { Range: `bytes=${range.start}-${range.end}` }),
    })
    const { Body } = await ask((options) => this.#bucket.client.send(command, options))
    yield* piecesOf(Body as Readable)
  }

  /** A body that ends early is a connection error, so a complete file has the object's length. */
  async #download(key: StorageKey, path: string): Promise<void> {
    try {
      await pipeline(this.#pieces(key), createWriteStream(path, { flags: 'wx' }))
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
  }
}

export async function openS3Store(
  url: string,
  credentials: S3Credentials | undefined,
  copies: LocalCopiesOptions | undefined,
): Promise<Store> {
  const bucket = openBucket(parseS3Address(url), credentials)
  const store = new S3Store(bucket, copies && new LocalCopies(copies))
  await store.check()
  return store
}

/** Runs `work` for each item, so many at the same time. Rejects with the first failure, without waiting for running work. */
async function forEachAtOnce<T>(
  items: AsyncIterable<T>,
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]()
  const lane = async () => {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}
