const FIRST_MS = 100
const CAP_MS = 5000

/** Waiting times that double from 100 ms up to 5 s, each with jitter, so that not all processes come back at once. */
export class Backoff {
  #tries = 0

  /** The next waiting time in milliseconds: between half and all of the step. */
  next(): number {
    const step = Math.min(CAP_MS, FIRST_MS * 2 ** this.#tries++)
    return step * (0.5 + Math.random() / 2)
  }

  reset(): void {
    this.#tries = 0
  }
}
