const LOOK_EVERY_MS = 250
/** A busy process has shorter stalls now and then. */
const NOTICED_MS = 1000
/** Milliseconds after a stall in which what is read may have waited during it. */
const BACKLOG_MS = 250

/**
 * Notices when this process did not run: it was frozen, its machine slept, or something kept its event loop. Clocks of several
 * machines need not agree for this.
 */
export class EventLoopStallDetector {
  readonly #timer: NodeJS.Timeout
  #lookedAt = performance.now()
  #lastMs = 0
  #backlogUntil = 0

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
  }

  /** How long a message that is read now may have waited for us, in milliseconds; 0 where there was no stall. */
  waitedMs(): number {
    this.#look()
    return performance.now() < this.#backlogUntil ? this.#lastMs : 0
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = performance.now()
    const missed = now - this.#lookedAt
    this.#lookedAt = now
    if (missed < NOTICED_MS) return
    this.#lastMs = missed
    this.#backlogUntil = now + BACKLOG_MS
  }
}
