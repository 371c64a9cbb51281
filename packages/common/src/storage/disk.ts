import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import {
  constants,
  copyFile,
  link,
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { AppError } from '../errors.ts'
import { appendChunks, concatenate, measure } from './pieces.ts'
import { fileSink, receive } from './receive.ts'
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
} from './store.ts'

/** Opens a store in a folder on a local or shared disk: `objects/` holds complete files, `incoming/` those being written. */
export async function openDiskStore(root: string): Promise<Store> {
  const store = new DiskStore(root)
  await store.createFolders()
  return store
}

class DiskStore implements Store {
  readonly #objects: string
  readonly #incoming: string

  constructor(root: string) {
    this.#objects = join(root, 'objects')
    this.#incoming = join(root, 'incoming')
  }

  async createFolders(): Promise<void> {
    await mkdir(this.#objects, { recursive: true })
    await mkdir(this.#incoming, { recursive: true })
  }

  /** An unmounted disk leaves an empty folder: a new store there would accept files and lose them later. */
  async check(): Promise<void> {
    for (const folder of [this.#objects, this.#incoming]) {
      if (!(await stat(folder).catch(orNull))) throw new AppError('DEPENDENCY_UNAVAILABLE', { retryAfterMs: 1000 })
    }
  }

  async write(key: StorageKey, bytes: AsyncIterable<Buffer>, options: WriteOptions): Promise<Written> {
    return await this.#publish(key, async (temporary) => {
      const file = await open(temporary, 'wx', 0o640)
      try {
        return await receive(bytes, fileSink(file), options)
      } finally {
        await file.close()
      }
    })
  }

  async put(key: StorageKey, content: string | Uint8Array): Promise<void> {
    await this.#publish(key, (temporary) => writeFile(temporary, content, { flag: 'wx', mode: 0o640, flush: true }))
  }

  async create(key: StorageKey, content: string): Promise<boolean> {
    const target = this.#path(key)
    await this.#createFolder(target)
    const temporary = join(this.#incoming, randomUUID())
    try {
      await writeFile(temporary, content, { flag: 'wx', mode: 0o640, flush: true })
      // Unlike a rename, a link fails when the name exists.
      await link(temporary, target)
      await syncFolder(dirname(target))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    } finally {
      await rm(temporary, { force: true })
    }
  }

  async adopt(path: string, key: StorageKey): Promise<void> {
    const file = await open(path, 'r+')
    await file.datasync()
    await file.close()
    await this.#place(path, key).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EXDEV') throw error
      await this.#publish(key, (temporary) => copyFile(path, temporary))
      await rm(path, { force: true })
    })
  }

  async materialise(key: StorageKey, path: string): Promise<void> {
    const source = this.#path(key)
    try {
      await link(source, path).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') throw error
        await copyFile(source, path, constants.COPYFILE_FICLONE)
      })
    } catch (error) {
      throw await this.#explain(error)
    }
  }

  async copy(from: StorageKey, to: StorageKey): Promise<void> {
    await this.#publish(to, async (temporary) => {
      await this.materialise(from, temporary)
      // The sweep removes old files without a row, so the file must be as new as its name.
      const now = new Date()
      await utimes(temporary, now, now)
    })
  }

  async move(from: StorageKey, to: StorageKey): Promise<void> {
    await this.#place(this.#path(from), to).catch(async (error: unknown) => {
      throw await this.#explain(error)
    })
    await this.#removeEmptyFolders(dirname(from))
  }

  /** A store has no empty folders. A concurrent writer creates its folder again. */
  async #removeEmptyFolders(folder: StorageKey): Promise<void> {
    for (let empty = folder; empty !== '.'; empty = dirname(empty)) {
      const removed = await rmdir(this.#path(empty)).then(
        () => true,
        () => false,
      )
      if (!removed) return
    }
  }

  async stat(key: StorageKey): Promise<StoredFile | null> {
    const found = await stat(this.#path(key)).catch(orNull)
    if (!found) await this.check()
    return found?.isFile() ? { bytes: found.size, modifiedAt: found.mtime } : null
  }

  async locate(key: StorageKey): Promise<Location | null> {
    return (await this.stat(key)) && { kind: 'file', path: key }
  }

  read(key: StorageKey, range?: ByteRange): Readable {
    return createReadStream(this.#path(key), { ...range, highWaterMark: 256 * 1024 })
  }

  async get(key: StorageKey): Promise<Buffer> {
    return await readFile(this.#path(key)).catch(async (error: unknown) => {
      throw await this.#explain(error)
    })
  }

  async writePiece(key: StorageKey, bytes: AsyncIterable<Buffer>, maxBytes: number): Promise<Written> {
    const path = this.#path(key)
    await this.#createFolder(path)
    const file = await open(path, 'wx', 0o640)
    try {
      return await appendChunks(bytes, file, maxBytes)
    } finally {
      await file.close()
    }
  }

  async sealPiece(key: StorageKey): Promise<number> {
    const path = this.#path(key)
    const file = await open(path, 'r+').catch(orNull)
    if (!file) return 0
    try {
      await file.datasync()
      await syncFolder(dirname(path))
      return (await file.stat()).size
    } finally {
      await file.close()
    }
  }

  async joinPieces(pieces: readonly Piece[], key: StorageKey): Promise<Written> {
    const [first, ...others] = pieces
    if (!first) throw new Error('there is nothing to join')
    // If the key exists, an earlier call failed after this step.
    if (!(await this.stat(key))) {
      const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0)
      const limits = { maxBytes: bytes, expectedBytes: bytes }
      if (others.length > 0) return await this.write(key, concatenate(this, pieces), limits)
      await this.#place(this.#path(first.key), key)
    }
    if (others.length === 0 && first.sha256 !== undefined) return { bytes: first.bytes, sha256: first.sha256 }
    return await measure(this.read(key))
  }

  /**
   * Lists folder by folder, because the recursive `opendir` of Node 20 returns only 32 entries of each
   * (nodejs/node#48820).
   */
  async *list(folder: StorageKey): AsyncIterable<StorageKey> {
    const entries = await opendir(this.#path(folder)).catch(orNull)
    if (!entries) return await this.check()
    for await (const entry of entries) {
      const key = `${folder}/${entry.name}`
      if (entry.isFile()) yield key
      if (entry.isDirectory()) yield* this.list(key)
    }
  }

  async *listFolders(folder: StorageKey, after = ''): AsyncIterable<string> {
    const entries = await readdir(this.#path(folder), { withFileTypes: true }).catch(orNull)
    if (!entries) await this.check()
    const names = (entries ?? []).filter((entry) => entry.isDirectory()).map(({ name }) => name)
    yield* names.filter((name) => name > after).sort()
  }

  async remove(key: StorageKey): Promise<void> {
    await this.check()
    await rm(this.#path(key), { force: true })
  }

  async removeFolder(folder: StorageKey): Promise<void> {
    await this.check()
    await rm(this.#path(folder), { recursive: true, force: true })
  }

  async removeUnfinished(before: Date): Promise<void> {
    await this.check()
    for (const name of await readdir(this.#incoming)) {
      const path = join(this.#incoming, name)
      const found = await stat(path).catch(orNull)
      if (found && found.mtime < before) await rm(path, { force: true })
    }
  }

  #path(key: StorageKey): string {
    assertKey(key)
    return join(this.#objects, key)
  }

  async #createFolder(path: string): Promise<void> {
    await this.check()
    await mkdir(dirname(path), { recursive: true })
  }

  /** Tells a missing file from a missing disk. */
  async #explain(error: unknown): Promise<unknown> {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error
    return await this.check().then(
      () => new AppError('FILE_NOT_FOUND'),
      (away: unknown) => away,
    )
  }

  /** Gives a complete file its name. If its folder is removed at the same moment, creates it again. */
  async #place(path: string, key: StorageKey): Promise<void> {
    const target = this.#path(key)
    for (let tries = 1; ; tries++) {
      try {
        await this.#createFolder(target)
        await rename(path, target)
        return await syncFolder(dirname(target))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 3) throw error
      }
    }
  }

  /** Lets `produce` write a temporary file, then gives it its name; removes it on failure. */
  async #publish<T>(key: StorageKey, produce: (temporary: string) => Promise<T>): Promise<T> {
    assertKey(key)
    await this.check()
    const temporary = join(this.#incoming, randomUUID())
    try {
      const result = await produce(temporary)
      await this.#place(temporary, key)
      return result
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }
}

/** Flushes a folder: otherwise a power cut may undo a rename, although the file itself was flushed. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function orNull(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
