import { AppError } from '@kinora/common/errors'

/** How many streams one user, or one address of signed-out ones, has open at this gateway. */
export class StreamLimit {
  readonly #max: number
  readonly #open = new Map<string, number>()

  constructor(max: number) {
    this.#max = max
  }

  /** Returns how to give the place back; throws `RATE_LIMITED` when all are taken. */
  take(who: string): () => void {
    const open = this.#open.get(who) ?? 0
    if (open >= this.#max) throw new AppError('RATE_LIMITED', { detail: `More than ${this.#max} streams are open` })
    this.#open.set(who, open + 1)
    return () => {
      const left = (this.#open.get(who) ?? 1) - 1
      if (left === 0) this.#open.delete(who)
      else this.#open.set(who, left)
    }
  }
}
