import { LRUCache } from 'lru-cache'

interface Window {
  consumed: number
  /** End of the window, by `performance.now()`. */
  until: number
}

/** Above this number, the window that was counted in least recently is evicted. */
const MAX_WINDOWS = 100_000

/**
 * This process's copy of the windows that are counted in Redis: for each, the larger of the last count from Redis and the
 * points spent here. So counts continue when Redis becomes unreachable, and when it returns, even without its data.
 */
export class WindowMirror {
  readonly #windows = new LRUCache<string, Window>({ max: MAX_WINDOWS })

  /**
   * Records an answer of Redis: it just counted `points`, and its window has `consumed` until `until`. Returns the result.
   */
  record(id: string, points: number, { consumed, until }: Window): Window {
    const known = this.#open(id)
    if (!known) return this.#keep(id, { consumed, until })
    return this.#keep(id, {
      consumed: Math.max(consumed, known.consumed + points),
      until: Math.max(until, known.until),
    })
  }

  /** Counts `points` in this process, because Redis did not answer. Returns the window. */
  spend(id: string, points: number, windowMs: number): Window {
    const known = this.#open(id) ?? { consumed: 0, until: performance.now() + windowMs }
    return this.#keep(id, { consumed: known.consumed + points, until: known.until })
  }

  #open(id: string): Window | undefined {
    const window = this.#windows.get(id)
    return window && window.until > performance.now() ? window : undefined
  }

  #keep(id: string, window: Window): Window {
    this.#windows.set(id, window)
    return window
  }
}
