/** What can be told to stand still and to go on. */
export interface Pausable {
  pause(): void
  resume(): void
}

/**
 * Lets long work on this machine stand still while somebody waits for the first seconds of a video. Priorities of the
 * kernel do not do it: each tool runs in a session of its own, and Linux shares processors between sessions first
 * (sched(7), autogroup).
 */
export class Precedence {
  readonly #pausable = new Set<Pausable>()
  #urgent = 0

  /** Long work stands still until the returned function is called; calling that twice is calling it once. */
  claim(): () => void {
    this.#urgent += 1
    if (this.#urgent === 1) for (const work of this.#pausable) work.pause()
    let held = true
    return () => {
      if (!held) return
      held = false
      this.#urgent -= 1
      if (this.#urgent === 0) for (const work of this.#pausable) work.resume()
    }
  }

  /** Registers long work; returns how to take it off the list when it has ended. */
  yields(work: Pausable): () => void {
    this.#pausable.add(work)
    if (this.#urgent > 0) work.pause()
    return () => void this.#pausable.delete(work)
  }
}
