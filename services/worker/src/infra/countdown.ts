/** A timer that can be paused: it fires after running for `ms` milliseconds in total. */
export class Countdown {
  readonly #fire: () => void
  #leftMs: number
  #since = 0
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number, fire: () => void) {
    this.#leftMs = ms
    this.#fire = fire
  }

  start(): void {
    if (this.#timer) return
    this.#since = performance.now()
    this.#timer = setTimeout(this.#fire, this.#leftMs)
  }

  pause(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - this.#since))
  }
}
