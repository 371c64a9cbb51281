import { AppError } from '../errors.ts'
import { installationName, readInstallationMarker } from './installation-marker.ts'
import type { Store } from './store.ts'

/** Interval at which a correct store is compared again; a wrong one is compared each time. */
const COMPARE_MS = 60_000

/**
 * For services without a database: checks that their store belongs to the media service's installation. Nothing may be read or
 * written before the first check, or while the store belongs to another installation.
 */
export class StoreCheck {
  readonly #store: Store
  readonly #askInstallation: () => Promise<string>
  #installation: string | undefined
  #looked = false
  #problem: string | null = null
  #comparedAt = Number.NEGATIVE_INFINITY

  /**
   * @param store the store itself, not one guarded by this check
   * @param askInstallation resolves with the id in media's database; rejects while media is down
   */
  constructor(store: Store, askInstallation: () => Promise<string>) {
    this.#store = store
    this.#askInstallation = askInstallation
  }

  /** What does not match and what to do; null when everything matches, or media has not answered yet. */
  get problem(): string | null {
    return this.#problem
  }

  get usable(): boolean {
    return this.#looked && this.#problem === null
  }

  /** Throws `DEPENDENCY_UNAVAILABLE` while the store may not be used. */
  assertUsable(): void {
    if (!this.usable) throw new AppError('DEPENDENCY_UNAVAILABLE', { retryAfterMs: 5000 })
  }

  /** Must be called every few seconds. Throws when the store cannot be reached. */
  async compareWhenDue(): Promise<void> {
    if (this.usable && this.#installation !== undefined && performance.now() - this.#comparedAt < COMPARE_MS) return
    // While media is down, its last answer is used.
    const installation = await this.#askInstallation().catch(() => this.#installation)
    if (installation !== undefined) {
      const marker = await readInstallationMarker(this.#store)
      this.#problem = marker?.installation === installation ? null : describe(installation, marker?.installation)
      this.#installation = installation
      this.#comparedAt = performance.now()
    }
    this.#looked = true
  }
}

function describe(expected: string, found: string | undefined): string {
  const whose =
    found === undefined ? 'has no marker of an installation' : `is that of installation ${installationName(found)}`
  return `The store of this service ${whose}, and the media service runs installation ${installationName(expected)}. Check STORAGE_URL of both; see kinora storage status`
}

/**
 * A store whose operations first call `assertUsable` and throw its errors. `check` is not guarded, because a store can be
 * reachable and still be the wrong one.
 */
export function guardedStore(store: Store, assertUsable: () => void): Store {
  const guarded = <Args extends unknown[], Result>(operation: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      assertUsable()
      return await operation.apply(store, args)
    }
  }
  const guardedAtOnce = <Args extends unknown[], Result>(operation: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      assertUsable()
      return operation.apply(store, args)
    }
  }
  return {
    write: guarded(store.write),
    put: guarded(store.put),
    create: guarded(store.create),
    adopt: guarded(store.adopt),
    materialise: guarded(store.materialise),
    copy: guarded(store.copy),
    move: guarded(store.move),
    stat: guarded(store.stat),
    locate: guarded(store.locate),
    read: guardedAtOnce(store.read),
    get: guarded(store.get),
    writePiece: guarded(store.writePiece),
    sealPiece: guarded(store.sealPiece),
    joinPieces: guarded(store.joinPieces),
    list: guardedAtOnce(store.list),
    listFolders: guardedAtOnce(store.listFolders),
    remove: guarded(store.remove),
    removeFolder: guarded(store.removeFolder),
    removeUnfinished: guarded(store.removeUnfinished),
    check: () => store.check(),
  }
}
