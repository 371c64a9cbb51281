type Listener = () => void

/** Those who want to know when what they depend on (a session, a signing key) is at its end. */
export class EndListeners {
  readonly #listeners = new Map<string, Set<Listener>>()

  /** Returns how to stop listening. */
  add(id: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(id)
    }
  }

  tell(id: string): void {
    for (const listener of this.#listeners.get(id) ?? []) listener()
  }
}
