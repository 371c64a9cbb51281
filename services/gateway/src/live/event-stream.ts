import { AppError } from '@kinora/common/errors'
import type { Response } from 'express'

const HEARTBEAT_MS = 15_000
/** Bytes that may wait for a slow client; above that its connection is closed. It reconnects and gets a snapshot. */
const MAX_UNREAD_BYTES = 64 * 1024

/** A response of server-sent events (`text/event-stream`, WHATWG HTML section 9.2), with a heartbeat every 15 s. */
export class EventStream {
  readonly #res: Response
  readonly #heartbeat: NodeJS.Timeout
  readonly #closers: (() => void)[] = []

  constructor(res: Response) {
    this.#res = res
    res.statusCode = 200
    res.setHeader('Content-Type', 'text/event-stream')
    res.setHeader('Cache-Control', 'no-store, no-transform')
    // Otherwise nginx would buffer the response.
    res.setHeader('X-Accel-Buffering', 'no')
    res.flushHeaders()
    // Comments keep proxies from closing an idle connection, and reveal that the client has gone.
    this.#heartbeat = setInterval(() => this.#write(':\n\n'), HEARTBEAT_MS)
    res.once('close', () => {
      clearInterval(this.#heartbeat)
      for (const close of this.#closers.splice(0)) close()
    })
  }

  get closed(): boolean {
    return this.#res.closed || this.#res.writableEnded
  }

  /** Sends an event with `data` as JSON. `id` becomes the client's Last-Event-ID. */
  send(event: string, data: unknown, id?: number): void {
    this.#write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`)
  }

  /** Ends the stream; the client reconnects after `retryMs` milliseconds. */
  end(retryMs: number): void {
    if (!this.closed) this.#res.end(`retry: ${retryMs}\n\n`)
  }

  /** Calls `close` when the stream is closed, at once if it already is. */
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

/** Limits the streams that a caller (a user, or the address of an anonymous client) has open at this gateway. */
export class StreamLimit {
  readonly #max: number
  readonly #open = new Map<string, number>()

  constructor(max: number) {
    this.#max = max
  }

  /** Takes a slot and returns a function that releases it. Throws `RATE_LIMITED` if all slots are taken. */
  take(caller: string): () => void {
    const open = this.#open.get(caller) ?? 0
    if (open >= this.#max) throw new AppError('RATE_LIMITED', { detail: `${this.#max} streams are already open` })
    this.#open.set(caller, open + 1)
    return () => {
      const left = (this.#open.get(caller) ?? 1) - 1
      if (left === 0) this.#open.delete(caller)
      else this.#open.set(caller, left)
    }
  }
}
