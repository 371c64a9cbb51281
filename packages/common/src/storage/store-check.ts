import { AppError } from '../errors.ts'
import { installationName, readInstallationMarker } from './installation-marker.ts'
import type { Store } from './store.ts'

/** How often a store is compared that was found to be the right one; a wrong one is looked at each time. */
const COMPARE_MS = 60_000

/**
 * For services without a database: whether their store is that of the installation which the media service runs. Before
 * the first look, and while another installation's store is found, nothing may be read or written.
 */
export class StoreCheck {
  readonly #store: Store
  readonly #askInstallation: () => Promise<string>
  #installation: string | undefined
  #looked = false
  #problem: string | null = null
  #comparedAt = Number.NEGATIVE_INFINITY

  /**
   * @param store as it is: not guarded by this
   * @param askInstallation the id in media's database; rejects while media is away
   */
  constructor(store: Store, askInstallation: () => Promise<string>) {
    this.#store = store
    this.#askInstallation = askInstallation
  }

  /** What does not match and what to do; null where all is well, or media could not be asked yet. */
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

  /** To be called every few seconds. Throws when the store is out of reach. */
  async compareWhenDue(): Promise<void> {
    if (this.usable && this.#installation !== undefined && performance.now() - this.#comparedAt < COMPARE_MS) return
    // While media is away, what it said last holds.
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
  return `The store of this service ${whose}, and the media service runs installation ${installationName(expected)}. Check STORAGE_URL of both; kinora storage status tells more`
}
