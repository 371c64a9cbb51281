import { randomUUID } from 'node:crypto'
import type { StoreState } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Logger } from '@kinora/common/service'
import { type InstallationMarker, keys, readInstallationMarker, type Store } from '@kinora/common/storage'
import type { Db } from '../db/schema.ts'
import { type Compared, compareStore, describeStoreState } from '../domain/store-state.ts'
import {
  chooseDueRevision,
  chooseRevision,
  confirmRevision,
  findInstallation,
  type InstallationRow,
} from '../repositories/installation.ts'
import { hasSources, knownVideos } from '../repositories/videos.ts'

/** How many folders of each kind are sampled in a store without a marker. */
const SAMPLE = 200

export interface OwnershipStatus {
  installation: string | null
  storeInstallation: string | null
  state: StoreState
  problem: string | null
}

/**
 * Whether database and store belong together. They do when the store's marker has the database's installation id, and
 * a revision that the database knows. The revision is replaced every minute in both, so that a database from a backup that
 * is more than a minute old, or a copy that runs elsewhere, is recognised.
 */
export class StoreOwnership {
  readonly #db: Db
  readonly #store: Store
  readonly #logger: Logger
  #status: OwnershipStatus = { installation: null, storeInstallation: null, state: 'unknown', problem: null }
  #comparedAt = Number.NEGATIVE_INFINITY

  /** @param store the unguarded store */
  constructor(db: Db, store: Store, logger: Logger) {
    this.#db = db
    this.#store = store
    this.#logger = logger
  }

  get status(): OwnershipStatus {
    return this.#status
  }

  /** Whether files may be read and written. */
  get usable(): boolean {
    return this.#status.state === 'own' || this.#status.state === 'diverged'
  }

  /** Throws `DEPENDENCY_UNAVAILABLE` unless files may be read and written. */
  assertUsable(): void {
    if (!this.usable) throw new AppError('DEPENDENCY_UNAVAILABLE', { retryAfterMs: 5000 })
  }

  /** Whether files may be removed. Compares again when the last comparison is older than `maxAgeMs`. */
  async mayRemove(maxAgeMs = 10_000): Promise<boolean> {
    if (performance.now() - this.#comparedAt > maxAgeMs) await this.compare()
    return this.#status.state === 'own'
  }

  /** Compares both, and claims a store without a marker. Throws when one of them cannot be reached. */
  async compare(): Promise<void> {
    const before = await findInstallation(this.#db)
    const marker = await readInstallationMarker(this.#store)
    const after = await findInstallation(this.#db)
    const state = compareStore(await this.#gather(marker, before, after))
    if (state === 'claimable') {
      await this.#claim(after.id)
      return await this.compare()
    }
    if (marker && state === 'own') await confirmRevision(this.#db, marker.revision)
    this.#set(state, after.id, marker)
  }

  /** Compares, and replaces the revision when it is a minute old. */
  async renew(): Promise<void> {
    await this.compare()
    if (this.#status.state !== 'own') return
    const revision = await chooseDueRevision(this.#db, randomUUID())
    if (revision !== undefined) await this.#mark(revision)
  }

  /** Claims the store for this installation by order of an operator, even if its marker names another. */
  async adopt(): Promise<void> {
    await this.#mark(await chooseRevision(this.#db, randomUUID()))
    await this.compare()
  }

  /** When two installations do this at the same moment, the marker that was written decides. */
  async #claim(installation: string): Promise<void> {
    const revision = await chooseRevision(this.#db, randomUUID())
    const claimed = await this.#store.create(keys.installation, JSON.stringify({ installation, revision }))
    if (claimed) this.#logger.info({ installation }, 'the store was claimed for this installation')
  }

  async #mark(revision: string): Promise<void> {
    const { id } = await findInstallation(this.#db)
    await this.#store.put(keys.installation, JSON.stringify({ installation: id, revision }))
    await confirmRevision(this.#db, revision)
  }

  async #gather(marker: InstallationMarker | null, before: InstallationRow, after: InstallationRow): Promise<Compared> {
    const revisions = [before.revision, before.next_revision, after.revision, after.next_revision]
    const known = { installation: after.id, revisions, marker, claimedBefore: before.revision !== null }
    if (marker) return { ...known, files: 'none', hasVideos: false }
    return { ...known, files: await this.#sampleFiles(), hasVideos: await hasSources(this.#db) }
  }

  async #sampleFiles(): Promise<Compared['files']> {
    const names = new Set<string>()
    for (const root of ['sources', 'videos', 'pieces']) {
      let listed = 0
      for await (const name of this.#store.listFolders(root)) {
        names.add(name)
        if (++listed === SAMPLE) break
      }
    }
    if (names.size === 0) return 'none'
    const known = await knownVideos(this.#db, [...names])
    return [...names].every((name) => known.get(name)) ? 'all known' : 'some unknown'
  }

  #set(state: StoreState, installation: string, marker: InstallationMarker | null): void {
    const storeInstallation = marker?.installation ?? null
    const problem = describeStoreState(state, installation, storeInstallation)
    const changed = this.#status.state !== state
    this.#status = { installation, storeInstallation, state, problem }
    this.#comparedAt = performance.now()
    if (changed && problem !== null) this.#logger.error({ state, installation, storeInstallation }, problem)
  }
}
