import type { WebhookAttempt } from '@kinora/common/contracts'
import { type Dispatcher, request } from 'undici'
import { askedPauseMs } from '../domain/webhooks.ts'

const TOTAL_MS = 15_000
/** Of the response, for the log of the owner. */
const KEPT_BYTES = 512

export interface Message {
  url: string
  headers: Record<string, string>
  body: string
}

export interface Posted {
  attempt: WebhookAttempt
  /** How long the receiver asks to be left alone; 0 where it does not. */
  pauseMs: number
}

/** One attempt, with a limit on time and on what is read. Never rejects; what went wrong stands in the attempt. */
export async function postWebhook(
  dispatcher: Dispatcher,
  { url, headers, body }: Message,
  abort: AbortController,
): Promise<Posted> {
  const at = new Date().toISOString()
  const begin = performance.now()
  const timer = setTimeout(() => abort.abort(new Aborted('TIMEOUT')), TOTAL_MS)
  try {
    const answer = await request(url, { dispatcher, method: 'POST', headers, body, signal: abort.signal })
    const response = await beginningOf(answer.body)
    const attempt = { at, durationMs: since(begin), status: answer.statusCode, response, error: null }
    return { attempt, pauseMs: askedPauseMs(answer.headers['retry-after'], Date.now()) }
  } catch (error) {
    return unanswered({ at, durationMs: since(begin), error: reasonOf(error) })
  } finally {
    clearTimeout(timer)
  }
}

/** The reason with which an attempt is broken off; its code is the error of the attempt. */
export class Aborted extends Error {
  readonly code: 'TIMEOUT' | 'STOPPED'

  constructor(code: 'TIMEOUT' | 'STOPPED') {
    super(code)
    this.code = code
  }
}

/** An attempt that was not made. */
export function refusedAttempt(error: 'ADDRESS_REFUSED' | 'WEBHOOK_DISABLED'): Posted {
  return unanswered({ at: new Date().toISOString(), durationMs: 0, error })
}

function unanswered(what: Pick<WebhookAttempt, 'at' | 'durationMs' | 'error'>): Posted {
  return { attempt: { ...what, status: null, response: null }, pauseMs: 0 }
}

function since(begin: number): number {
  return Math.round(performance.now() - begin)
}

/** The status is the answer: a body that breaks off, or never ends, changes nothing. */
async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= KEPT_BYTES) break
    }
  } catch {}
  const text = Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString()
  // PostgreSQL takes no zero byte, and a log no other control characters.
  return text.replace(/[^\P{Cc}\t\n\r]/gu, '\uFFFD')
}

/** Node's or undici's code for it; their messages may name addresses that are nobody's business. */
function reasonOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'FAILED'
}
