import { EventEmitter } from 'node:events'
import CircuitBreaker from 'opossum'
import type { Actor } from '../contract.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import type { BreakerState } from './bus.ts'

export interface BreakerOptions {
  /** Failures in a row that open it. */
  failures: number
  /** How long it stays open at most before the service is asked again. */
  resetMs: number
  /** Asks the service whether it is there; rejects when it does not answer. Bounded in time. */
  ping: () => Promise<unknown>
  onChange?: (state: BreakerState) => void
}

/** The service as a whole is in trouble. Business answers, `INTERNAL` and `POISON` depend on what was asked. */
const FAILURES: ReadonlySet<ErrorCode> = new Set(['NO_RESPONDER', 'QUEUE_FULL', 'TIMEOUT', 'DEPENDENCY_UNAVAILABLE'])

const FIRST_PAUSE_MS = 1000

/**
 * The breaker of one target service. opossum keeps the state and the longest pause; three things are ours:
 *
 * - The count. opossum opens by a percentage over a time window, which five failures at low traffic may miss and one
 *   success in a burst may delay. Here consecutive failures count, and opossum is told when to open.
 * - The probe. When the time is over, opossum lets one call through, and a filtered ("business") error of that call
 *   would close it, a call that never settles would keep it half-open for ever. So the probe is not somebody's call but
 *   a ping of ours; users get `CIRCUIT_OPEN` until it was answered.
 * - Asking early. Most outages are restarts of a few seconds. While it is open, the service is asked after one second, two,
 *   four …; a breaker that opens again soon after it was closed so goes on with the pause at which it was.
 */
export class Breaker {
  readonly #options: BreakerOptions
  readonly #circuit: CircuitBreaker<[], unknown>
  #failures = 0
  /** Whose requests timed out in this run of failures; undefined once a failure was nobody's fault in particular. */
  #slow: Set<string> | undefined = new Set()
  #asking = false
  /** When the service is asked the next time, while it is open. */
  #nextAskAt = 0
  #pauseMs = FIRST_PAUSE_MS
  /** Undefined while it is not closed. */
  #closedAt: number | undefined = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(name: string, options: BreakerOptions) {
    this.#options = options
    this.#circuit = new CircuitBreaker(options.ping, {
      name,
      resetTimeout: options.resetMs,
      // Deadlines are the client's.
      timeout: false,
      // Never by percentage.
      volumeThreshold: Number.MAX_SAFE_INTEGER,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      // Its statistics are not used; an emitter that never emits spares their timer.
      rotateBucketController: new EventEmitter(),
    })
    this.#circuit.on('open', () => this.#enter('open'))
    this.#circuit.on('close', () => this.#enter('closed'))
    this.#circuit.on('halfOpen', () => {
      this.#enter('halfOpen')
      this.#circuit.fire().catch(() => {})
    })
  }

  get state(): BreakerState {
    if (this.#circuit.opened) return 'open'
    return this.#circuit.halfOpen ? 'halfOpen' : 'closed'
  }

  /** Throws `CIRCUIT_OPEN` with the time to the next probe unless it is closed. */
  admit(): void {
    if (this.#circuit.closed) return
    const left = this.#nextAskAt - performance.now()
    throw new AppError('CIRCUIT_OPEN', { retryAfterMs: Math.max(100, Math.ceil(left)) })
  }

  /** The service answered, whatever it said. */
  answered(): void {
    if (this.#failures > 0) this.#forget()
  }

  /** Takes note of how a call failed; codes that do not speak against the service as a whole end the run of failures. */
  failed(code: ErrorCode, actor: Actor, userAddress = ''): void {
    if (!FAILURES.has(code)) this.answered()
    else if (this.#circuit.closed) this.#count(code, actor, userAddress)
  }

  #count(code: ErrorCode, actor: Actor, userAddress: string): void {
    this.#failures++
    if (code === 'TIMEOUT' && actor.kind !== 'service') {
      this.#slow?.add(actor.kind === 'user' ? actor.userId : userAddress)
    } else this.#slow = undefined
    if (this.#failures < this.#options.failures) return
    // One user's slow questions must not shut out everybody: then the service itself is asked.
    if (this.#slow?.size === 1) void this.#ask()
    else this.#circuit.open()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#circuit.shutdown()
  }

  async #ask(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    try {
      await this.#options.ping()
      this.#forget()
    } catch {
      this.#circuit.open()
    } finally {
      this.#asking = false
    }
  }

  #enter(state: BreakerState): void {
    clearTimeout(this.#timer)
    if (state === 'open') this.#opened()
    if (state === 'closed') this.#closedAt = performance.now()
    this.#forget()
    this.#options.onChange?.(state)
  }

  #opened(): void {
    const now = performance.now()
    if (this.#closedAt !== undefined && now - this.#closedAt > this.#options.resetMs) this.#pauseMs = FIRST_PAUSE_MS
    this.#closedAt = undefined
    this.#askEarly(now + this.#options.resetMs)
  }

  /** Until opossum asks by itself at `lastAskAt`. */
  #askEarly(lastAskAt: number): void {
    this.#nextAskAt = Math.min(performance.now() + this.#pauseMs, lastAskAt)
    if (this.#nextAskAt === lastAskAt) return
    this.#timer = setTimeout(async () => {
      this.#pauseMs *= 2
      const answers = await this.#options.ping().then(
        () => true,
        () => false,
      )
      if (!this.#circuit.opened) return
      if (answers) this.#circuit.close()
      else this.#askEarly(lastAskAt)
    }, this.#pauseMs).unref()
  }

  #forget(): void {
    this.#failures = 0
    this.#slow = new Set()
  }
}
