/**
 * Listeners by the id of the session, API key, signing key or account whose end or change they wait for. `Why` is the reason
 * passed to them.
 */
export class EndListeners<Why = void> {
  readonly #listeners = new Map<string, Set<(why: Why) => void>>()

  /** Returns a function that removes the listener. */
  add(id: string, listener: (why: Why) => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(id)
    }
  }

  /** Calls all listeners of this id. They stay registered. */
  notify(id: string, why: Why): void {
    for (const listener of this.#listeners.get(id) ?? []) listener(why)
  }

  /** Calls the listeners of all ids. */
  notifyAll(why: Why): void {
    for (const id of [...this.#listeners.keys()]) this.notify(id, why)
  }
}
