import { AppError } from '@kinora/common/errors'
import type { Response } from 'express'

const HEARTBEAT_MS = 15_000
/** What a client that does not read may leave unread before it is dropped; it comes back and gets a snapshot. */
const MAX_UNREAD_BYTES = 64 * 1024

/** One answer of `text/event-stream` (WHATWG HTML, section 9.2). */
export class EventStream {
  readonly #res: Response
  readonly #heartbeat: NodeJS.Timeout
  readonly #closers: (() => void)[] = []

  constructor(res: Response) {
    this.#res = res
    res.statusCode = 200
    res.setHeader('Content-Type', 'text/event-stream')
    res.setHeader('Cache-Control', 'no-store, no-transform')
    // nginx would collect the answer before passing it on.
    res.setHeader('X-Accel-Buffering', 'no')
    res.flushHeaders()
    // Comments keep proxies from closing an idle connection, and show us that the client is gone.
    this.#heartbeat = setInterval(() => this.#write(':\n\n'), HEARTBEAT_MS)
    res.once('close', () => {
      clearInterval(this.#heartbeat)
      for (const close of this.#closers.splice(0)) close()
    })
  }

  get closed(): boolean {
    return this.#res.closed || this.#res.writableEnded
  }

  /** `id` becomes the client's Last-Event-ID. */
  send(event: string, data: unknown, id?: number): void {
    this.#write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)
  }

  /** The client comes back after so many milliseconds. */
  end(retryMs: number): void {
    if (!this.closed) this.#res.end(`retry: ${retryMs}\n\n`)
  }

  onClose(close: () => void): void {
    if (this.#res.closed) close()
    else this.#closers.push(close)
  }

  #write(text: string): void {
    if (this.closed) return
    if (this.#res.writableLength > MAX_UNREAD_BYTES) this.#res.destroy()
    else this.#res.write(text)
  }
}

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
