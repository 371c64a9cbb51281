import type { AppError } from '../errors.ts'
import type { Logger } from '../service/telemetry.ts'
import type { Link } from './link.ts'
import type { RpcClient } from './rpc-client.ts'

const CHECK_EVERY_MS = 5000
/** One lost message, or one second without a free slot, is no outage. */
const FAILURES = 2

/** What a server needs here: to be asked through its queue, and to set that up again. */
export interface ReachableServer {
  readonly service: string
  reopen(): void
}

/**
 * Whether messages still take their way through the broker. Open connections do not say so: an exchange that was deleted or
 * a binding that was removed leaves a process that waits in silence. Every five seconds it sends a message to its own reply
 * queue, and a ping to its own request queue where it serves one. What fails twice in a row is set up again.
 */
export class Reachability {
  readonly #link: Link
  readonly #client: RpcClient
  readonly #logger: Logger
  readonly #servers: ReachableServer[] = []
  readonly #timer: NodeJS.Timeout
  #failures = 0
  #checking = false

  constructor(link: Link, client: RpcClient, logger: Logger) {
    this.#link = link
    this.#client = client
    this.#logger = logger
    this.#timer = setInterval(() => void this.#check(), CHECK_EVERY_MS).unref()
  }

  get reachable(): boolean {
    return this.#failures < FAILURES
  }

  addServer(server: ReachableServer): void {
    this.#servers.push(server)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #check(): Promise<void> {
    // Without a connection, or while the broker takes nothing, there is nothing to find out.
    if (this.#checking || !this.#link.connected || this.#link.blocked) return
    this.#checking = true
    try {
      await this.#once(
        () => this.#client.echo(),
        () => this.#client.reopen(),
      )
      for (const server of this.#servers) {
        await this.#once(
          () => this.#client.ping(server.service),
          // A timeout is a busy service, which would lose what it works on.
          (error) => error.code === 'NO_RESPONDER' && server.reopen(),
        )
      }
      this.#failures = 0
    } catch {
      this.#failures++
    } finally {
      this.#checking = false
    }
  }

  async #once(check: () => Promise<unknown>, repair: (error: AppError) => void): Promise<void> {
    try {
      await check()
    } catch (error) {
      this.#logger.warn({ err: error }, 'a message to this process did not arrive')
      if (this.#failures + 1 >= FAILURES) repair(error as AppError)
      throw error
    }
  }
}
