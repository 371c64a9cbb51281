interface Entry<V> {
  value: V
  until: number
}

/** Keeps at most `maxEntries` values, each until a time of its own; the oldest goes first. */
export class BoundedCache<V> {
  readonly #maxEntries: number
  readonly #entries = new Map<string, Entry<V>>()

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string, now: number): V | undefined {
    const entry = this.#entries.get(key)
    if (!entry || entry.until > now) return entry?.value
    this.#entries.delete(key)
    return undefined
  }

  set(key: string, value: V, until: number): void {
    this.#entries.delete(key)
    // A Map keeps the order of insertion.
    const oldest = this.#entries.size >= this.#maxEntries ? this.#entries.keys().next().value : undefined
    if (oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(key, { value, until })
  }

  deleteWhere(matches: (value: V) => boolean): void {
    for (const [key, { value }] of this.#entries) if (matches(value)) this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
