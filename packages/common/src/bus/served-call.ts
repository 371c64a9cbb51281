import type { Actor, Call } from '../contract.ts'

/** What a handler is told beside its input. A class, because getters made anew for each request are slow. */
export class ServedCall implements Call {
  readonly actor: Actor
  readonly requestId: string
  readonly client: Call['client']
  readonly #deadline: number
  #signal: AbortSignal | undefined

  /** `deadline` as `performance.now()` counts. */
  constructor(actor: Actor, requestId: string, client: Call['client'], deadline: number) {
    this.actor = actor
    this.requestId = requestId
    this.client = client
    this.#deadline = deadline
  }

  get timeoutMs(): number {
    return Math.max(0, this.#deadline - performance.now())
  }

  /** Made when it is asked for: few handlers need it, and a signal with its timer costs more than the rest of a call. */
  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.timeout(Math.ceil(this.timeoutMs))
    return this.#signal
  }
}
