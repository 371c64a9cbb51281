import { copyFile, link, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { StorageKey } from '../store.ts'

export interface LocalCopiesOptions {
  /** A folder for this process only, on the same file system as the requested paths. */
  dir: string
  maxBytes: number
}

interface Wanted {
  key: StorageKey
  bytes: number
  /** Writes the whole object to a path. */
  fetch(path: string): Promise<void>
}

interface Copy {
  path: string
  bytes: number
  ready: Promise<void>
  /** Number of callers that wait for it or link it. */
  users: number
  idle: NodeJS.Timeout
}

/** Longer than a chunk takes, and far shorter than the time after which no data of a deleted video may remain. */
const IDLE_MS = 600_000

/**
 * A cache of objects on this machine: a later task links an object instead of fetching it again. Objects do not change. The
 * least recently used ones are evicted when space is needed, and unused ones after ten minutes.
 */
export class LocalCopies {
  readonly #dir: string
  readonly #maxBytes: number
  /** Least recently used first. */
  readonly #copies = new Map<StorageKey, Copy>()
  #bytes = 0
  #count = 0

  constructor({ dir, maxBytes }: LocalCopiesOptions) {
    this.#dir = dir
    this.#maxBytes = maxBytes
  }

  /** Makes the object readable at `path`; concurrent callers share one fetch. */
  async place(wanted: Wanted, path: string): Promise<void> {
    const copy = this.#copies.get(wanted.key) ?? this.#add(wanted)
    if (!copy) return await wanted.fetch(path)
    copy.users += 1
    this.#touch(wanted.key, copy)
    try {
      await copy.ready
      await link(copy.path, path).catch(() => copyFile(copy.path, path))
    } finally {
      copy.users -= 1
      copy.idle.refresh()
    }
  }

  /** Undefined when there is not enough space for it. */
  #add({ key, bytes, fetch }: Wanted): Copy | undefined {
    if (!this.#freeSpace(bytes)) return undefined
    const path = join(this.#dir, `source-${this.#count++}`)
    const ready = mkdir(this.#dir, { recursive: true }).then(() => fetch(path))
    const idle = setTimeout(() => this.#dropIdle(key, copy), IDLE_MS).unref()
    const copy: Copy = { path, bytes, ready, users: 0, idle }
    ready.catch(() => this.#drop(key, copy))
    this.#copies.set(key, copy)
    this.#bytes += bytes
    return copy
  }

  #freeSpace(bytes: number): boolean {
    if (bytes > this.#maxBytes) return false
    for (const [key, copy] of this.#copies) {
      if (this.#bytes + bytes <= this.#maxBytes) return true
      if (copy.users === 0) this.#drop(key, copy)
    }
    return this.#bytes + bytes <= this.#maxBytes
  }

  #touch(key: StorageKey, copy: Copy): void {
    this.#copies.delete(key)
    this.#copies.set(key, copy)
  }

  #dropIdle(key: StorageKey, copy: Copy): void {
    if (copy.users === 0) this.#drop(key, copy)
    else copy.idle.refresh()
  }

  /** Removes the copy; existing links to it stay valid. */
  #drop(key: StorageKey, copy: Copy): void {
    if (this.#copies.get(key) !== copy) return
    clearTimeout(copy.idle)
    this.#copies.delete(key)
    this.#bytes -= copy.bytes
    void rm(copy.path, { force: true }).catch(() => {})
  }
}
