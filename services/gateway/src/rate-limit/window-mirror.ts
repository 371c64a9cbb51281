import { LRUCache } from 'lru-cache'

interface Window {
  consumed: number
  /** As `performance.now()` counts. */
  until: number
}

/** A window that has not been counted in for so many others is forgotten first. */
const MAX_WINDOWS = 100_000

/**
 * What this process knows of the windows that are counted in Redis: the larger of what Redis said last and what was
 * spent here. So counting goes on where it was when Redis goes away, and when it comes back, even empty.
 */
export class WindowMirror {
  readonly #windows = new LRUCache<string, Window>({ max: MAX_WINDOWS })

  /** Redis has answered: `points` were just counted, `consumed` are in its window, which lasts until `until`. */
  learn(id: string, points: number, { consumed, until }: Window): Window {
    const known = this.#open(id)
    if (!known) return this.#keep(id, { consumed, until })
    return this.#keep(id, {
      consumed: Math.max(consumed, known.consumed + points),
      until: Math.max(until, known.until),
    })
  }

  /** Redis has not answered: counts here. */
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
