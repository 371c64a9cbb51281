import { errorOf, KinoraError } from './errors.ts'
import { pause } from './pause.ts'

/** An access token or an API key, or a function that returns one and is asked before each request. */
export type Credential = string | ((refusal?: KinoraError) => string | Promise<string>)

export interface TransportOptions {
  credential: Credential | undefined
  timeoutMs: number
  maxRetries: number
  fetch: ((request: Request) => Promise<Response>) | undefined
}

/** Sends requests with a credential, a deadline for each attempt, and retries where they are harmless. */
export interface Transport {
  /** The response of success; throws `KinoraError` for any other, and the signal's reason when it was aborted. */
  send(request: Request): Promise<Response>
  /** One attempt without a deadline, for streams. */
  open(request: Request): Promise<Response>
  /** `Authorization` as it is now; asks again when the last one was refused. */
  authorization(refusal?: KinoraError): Promise<Record<string, string>>
}

/** RFC 9110 section 9.2.2: sent twice, they do what they do once. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
/** A server that wants a longer pause gets none of ours: the caller hears of it instead. */
const LONGEST_PAUSE_SECONDS = 60

export function createTransport({ credential, timeoutMs, maxRetries, fetch }: TransportOptions): Transport {
  async function authorization(refusal?: KinoraError): Promise<Record<string, string>> {
    const token = typeof credential === 'function' ? await credential(refusal) : credential
    return token ? { authorization: `Bearer ${token}` } : {}
  }

  async function attempt(request: Request, signal: AbortSignal, refusal?: KinoraError): Promise<Response> {
    const headers = new Headers(request.headers)
    for (const [name, value] of Object.entries(await authorization(refusal))) headers.set(name, value)
    const response = await reach(new Request(request.clone(), { headers, signal }), request.signal)
    if (response.ok) return response
    const error = await errorOf(response)
    // A function may have a newer token than the one that was refused.
    if (error.status === 401 && typeof credential === 'function' && !refusal) return attempt(request, signal, error)
    throw error
  }

  async function reach(request: Request, callersSignal: AbortSignal): Promise<Response> {
    try {
      return await (fetch ?? globalThis.fetch)(request)
    } catch (cause) {
      callersSignal.throwIfAborted()
      if (request.signal.aborted) {
        const message = `${request.method} ${request.url} was not answered within ${timeoutMs} ms`
        throw new KinoraError(message, { code: 'REQUEST_TIMED_OUT', cause })
      }
      throw new KinoraError(`${request.url} cannot be reached`, { code: 'CONNECTION_FAILED', cause })
    }
  }

  async function send(request: Request): Promise<Response> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await attempt(request, AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]))
      } catch (error) {
        const seconds = retryPause(request, error, retries)
        if (seconds === undefined || retries >= maxRetries) throw error
        await pause(seconds * 1000, request.signal)
      }
    }
  }

  return { send, authorization, open: (request) => attempt(request, request.signal) }
}

/** Seconds until a request may be sent again; undefined if it may not. */
function retryPause({ method }: Request, error: unknown, retries: number): number | undefined {
  if (!(error instanceof KinoraError) || !IDEMPOTENT.has(method)) return undefined
  const { status, code, retryAfter } = error
  if (status !== 429 && status !== 503 && code !== 'CONNECTION_FAILED') return undefined
  const seconds = retryAfter ?? 0.25 * 2 ** retries * (1 + Math.random())
  return seconds <= LONGEST_PAUSE_SECONDS ? seconds : undefined
}
