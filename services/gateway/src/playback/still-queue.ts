import { LRUCache } from 'lru-cache'

const MAX_ENDED = 1000

/** Requests that wait until the task of a still has ended, which media reports by an event. */
export class StillQueue {
  readonly #waiting = new Map<string, Set<() => void>>()
  /** Ended lately: the event may arrive before the answer that says to wait for it. */
  readonly #ended = new LRUCache<string, true>({ max: MAX_ENDED })

  ended(stillId: string): void {
    this.#ended.set(stillId, true)
    this.#wake(stillId)
  }

  /** Events may have been missed: all requests ask again. */
  gap(): void {
    for (const stillId of [...this.#waiting.keys()]) this.#wake(stillId)
  }

  /** Resolves when the task has ended, or after `timeoutMs`. */
  async wait(stillId: string, timeoutMs: number): Promise<void> {
    if (this.#ended.has(stillId)) return
    await new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(stillId) ?? new Set()
      this.#waiting.set(stillId, waiting)
      const wake = () => {
        clearTimeout(timer)
        waiting.delete(wake)
        if (waiting.size === 0 && this.#waiting.get(stillId) === waiting) this.#waiting.delete(stillId)
        resolve()
      }
      const timer = setTimeout(wake, timeoutMs)
      waiting.add(wake)
    })
  }

  #wake(stillId: string): void {
    for (const wake of [...(this.#waiting.get(stillId) ?? [])]) wake()
  }
}
