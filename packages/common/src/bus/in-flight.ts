/** Counts what has begun and not ended, so that draining can wait for it. */
export class InFlight {
  #count = 0
  #waiting: (() => void)[] = []

  async run(work: () => Promise<void>): Promise<void> {
    this.#count++
    try {
      await work()
    } finally {
      if (--this.#count === 0) for (const wake of this.#waiting.splice(0)) wake()
    }
  }

  /** Resolves when nothing runs or `performance.now()` has reached `untilMs`. */
  async settled(untilMs: number = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      const left = untilMs - performance.now()
      const timer = Number.isFinite(left) ? setTimeout(resolve, Math.max(0, left)) : undefined
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
