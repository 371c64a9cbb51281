/** A timer that can be held: it fires once it has run for so many milliseconds in all. */
export class Countdown {
  readonly #fire: () => void
  #leftMs: number
  #since = 0
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number, fire: () => void) {
    this.#leftMs = ms
    this.#fire = fire
  }

  run(): void {
    if (this.#timer) return
    this.#since = performance.now()
    this.#timer = setTimeout(this.#fire, this.#leftMs)
  }

  hold(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - this.#since))
  }
}
