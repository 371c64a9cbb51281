import { assertInTime, type Call } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'

/** Of the ten connections to the database; the rest stays free for what is answered by an index. */
const MAX_RUNNING = 3
/** Searches of one project that wait. */
const MAX_WAITING = 20
const RETRY_AFTER_MS = 1000

/**
 * Searches that read all videos of a project, which may take seconds. Each project has one running at a time, and projects take
 * turns, so that nobody's searches stop the work of others.
 */
export class SearchLane {
  readonly #running = new Set<string>()
  /** In the order of turns. A project moves to the end with each search. */
  readonly #waiting = new Map<string, (() => void)[]>()

  /** Throws `RATE_LIMITED` if the project has too many searches, `TIMEOUT` if the caller has stopped waiting for this one. */
  async run<T>(projectId: string, call: Pick<Call, 'timeoutMs'>, search: () => Promise<T>): Promise<T> {
    await this.#turn(projectId)
    try {
      assertInTime(call)
      return await search()
    } finally {
      this.#running.delete(projectId)
      this.#next()
    }
  }

  async #turn(projectId: string): Promise<void> {
    if (this.#isFree(projectId)) {
      this.#running.add(projectId)
      return
    }
    const queue = this.#waiting.get(projectId) ?? []
    if (queue.length >= MAX_WAITING) {
      throw new AppError('RATE_LIMITED', { detail: 'Too many searches at once', retryAfterMs: RETRY_AFTER_MS })
    }
    await new Promise<void>((begin) => {
      queue.push(begin)
      this.#waiting.set(projectId, queue)
    })
  }

  #isFree(projectId: string): boolean {
    return this.#running.size < MAX_RUNNING && !this.#running.has(projectId)
  }

  #next(): void {
    const turn = [...this.#waiting].find(([projectId]) => this.#isFree(projectId))
    if (!turn) return
    const [projectId, queue] = turn
    const begin = queue.shift()
    this.#waiting.delete(projectId)
    if (queue.length > 0) this.#waiting.set(projectId, queue)
    this.#running.add(projectId)
    begin?.()
  }
}
