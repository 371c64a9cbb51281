/** Those who want to know when what they depend on (a session, an API key, a signing key) is at its end, and why. */
export class EndListeners<Why = void> {
  readonly #listeners = new Map<string, Set<(why: Why) => void>>()

  /** Returns how to stop listening. */
  add(id: string, listener: (why: Why) => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(id)
    }
  }

  tell(id: string, why: Why): void {
    for (const listener of this.#listeners.get(id) ?? []) listener(why)
  }
}
