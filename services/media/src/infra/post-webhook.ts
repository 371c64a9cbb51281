import type { WebhookAttempt } from '@kinora/common/contracts'
import { type Dispatcher, request } from 'undici'

const TOTAL_MS = 15_000
/** Bytes of the response that are kept for the owner's log. */
const KEPT_BYTES = 512

export interface Message {
  at: Date
  url: string
  headers: Record<string, string>
  body: string
}

export interface Posted {
  attempt: WebhookAttempt
  /** The `Retry-After` header of the response. */
  retryAfter: string | string[] | undefined
}

/** One attempt, limited to 15 s and 512 bytes of the response. Never rejects; a failure is the error of the attempt. */
export async function postWebhook(
  dispatcher: Dispatcher,
  { at: sentAt, url, headers, body }: Message,
  abort: AbortController,
): Promise<Posted> {
  const at = sentAt.toISOString()
  const begin = performance.now()
  const timer = setTimeout(() => abort.abort(new Aborted('TIMEOUT')), TOTAL_MS)
  try {
    const answer = await request(url, { dispatcher, method: 'POST', headers, body, signal: abort.signal })
    const response = await beginningOf(answer.body)
    const attempt = { at, durationMs: since(begin), status: answer.statusCode, response, error: null }
    return { attempt, retryAfter: answer.headers['retry-after'] }
  } catch (error) {
    return unanswered({ at, durationMs: since(begin), error: reasonOf(error) })
  } finally {
    clearTimeout(timer)
  }
}

/** The reason for aborting an attempt; its code becomes the error of the attempt. */
export class Aborted extends Error {
  readonly code: 'TIMEOUT' | 'STOPPED'

  constructor(code: 'TIMEOUT' | 'STOPPED') {
    super(code)
    this.code = code
  }
}

/** An attempt for which no request was sent. */
export function refusedAttempt(error: 'ADDRESS_REFUSED' | 'WEBHOOK_DISABLED', at: Date): Posted {
  return unanswered({ at: at.toISOString(), durationMs: 0, error })
}

function unanswered(what: Pick<WebhookAttempt, 'at' | 'durationMs' | 'error'>): Posted {
  return { attempt: { ...what, status: null, response: null }, retryAfter: undefined }
}

function since(begin: number): number {
  return Math.round(performance.now() - begin)
}

/** Only the status decides: a body that breaks off or never ends changes nothing. */
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
  // PostgreSQL's text cannot hold U+0000, and other control characters would garble a log.
  return text.replace(/[^\P{Cc}\t\n\r]/gu, '\uFFFD')
}

/** The code that Node.js or undici gave the error; their messages may contain internal addresses. */
function reasonOf(error: unknown): string {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'FAILED'
}
