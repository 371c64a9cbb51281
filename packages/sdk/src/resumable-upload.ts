import { type DetailedError, type HttpRequest, type HttpResponse, Upload, type UploadOptions } from 'tus-js-client'
import { errorOfProblem, KinoraError } from './errors.ts'
import { pause } from './pause.ts'

export type { UrlStorage } from 'tus-js-client'

/** What an upload is doing: `waiting` before it tries again, `offline` until the browser is connected again. */
export type UploadState = 'uploading' | 'paused' | 'waiting' | 'offline'

export interface ResumableUploadOptions {
  /** Address that creates uploads: `https://videos.example.com/v1/uploads`, or that of any other tus server. */
  endpoint: string
  /** Sent with each request; after a 401 it is called with the refusal. */
  headers?: (refusal?: KinoraError) => Record<string, string> | Promise<Record<string, string>>
  /** `Upload-Metadata`: title, filename, filetype, videoId. */
  metadata?: Record<string, string>
  /** Bytes that one request sends at most; without it the whole file is one request, which is the fastest. */
  chunkSize?: number
  /** Failed attempts in a row, none of which brought a byte, before the upload ends with the last error: 10 unless given. */
  maxFailures?: number
  onProgress?: (sent: number, total: number) => void
  onState?: (state: UploadState) => void
  /** Options of tus-js-client that depend on the platform. */
  tus?: Partial<UploadOptions>
}

export interface FinishedUpload {
  url: string
  /** The video of the upload, from a Kinora server. */
  videoId: string | undefined
}

/** What only browsers have. */
interface BrowserGlobals {
  navigator?: { onLine?: boolean }
  addEventListener?: typeof EventTarget.prototype.addEventListener
}
const browser = globalThis as BrowserGlobals
const LONGEST_PAUSE_MS = 30_000
/** Statuses of HEAD after which there is nothing to continue; the others may pass. */
const GONE = new Set([404, 410])
/** Codes of 4xx answers that a later attempt does not get again: it continues at the offset that the server has. */
const PASSING = new Set(['UPLOAD_OFFSET_MISMATCH', 'UPLOAD_SUPERSEDED', 'UPLOAD_INCOMPLETE'])

/**
 * One upload by tus-js-client that continues by itself after lost connections, restarts of the server, rate limits and
 * time offline, until it is done or refused. It can be paused, and continued after a reload of the page.
 */
export class ResumableUpload {
  readonly #options: ResumableUploadOptions
  readonly #upload: Upload
  readonly #done: Promise<FinishedUpload>
  #resolve: (finished: FinishedUpload) => void = () => {}
  #reject: (reason: unknown) => void = () => {}
  #videoId: string | undefined
  #refusal: KinoraError | undefined
  #failures = 0
  /** The most bytes that any attempt has sent; one that sends no more is a failure like the one before. */
  #mostSent = 0
  #state: UploadState | 'ended' = 'paused'
  #wake = new AbortController()

  constructor(file: Upload['file'], options: ResumableUploadOptions) {
    this.#options = options
    this.#done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever does not wait for it still hears of its states.
    this.#done.catch(() => {})
    this.#upload = new Upload(file, {
      endpoint: options.endpoint,
      metadata: options.metadata ?? {},
      chunkSize: options.chunkSize ?? Number.POSITIVE_INFINITY,
      removeFingerprintOnSuccess: true,
      // Pauses and attempts are ours: those of tus-js-client ignore Retry-After and end when the browser is offline.
      retryDelays: null,
      ...options.tus,
      onBeforeRequest: (request) => this.#authorize(request),
      onAfterResponse: (request, response) => this.#read(request, response),
      onProgress: (sent, total) => this.#progress(sent, total),
      onError: (error) => void this.#failed(error),
      onSuccess: () => this.#end(() => this.#resolve({ url: this.#upload.url ?? '', videoId: this.#videoId })),
    })
  }

  get state(): UploadState | 'ended' {
    return this.#state
  }

  /** Settles when the server has all bytes, or with a `KinoraError` when it refuses them. */
  get finished(): Promise<FinishedUpload> {
    return this.#done
  }

  /** Continues an upload of the same file that an earlier page began, if the browser remembers one that `isAlive`. */
  async resumePrevious(isAlive: (url: string) => Promise<boolean>): Promise<boolean> {
    const previous = await this.#upload.findPreviousUploads().catch(() => [])
    const latest = previous.sort((a, b) => Date.parse(b.creationTime) - Date.parse(a.creationTime))[0]
    if (!latest?.uploadUrl || !(await isAlive(latest.uploadUrl))) return false
    this.#upload.resumeFromPreviousUpload(latest)
    return true
  }

  start(): void {
    if (this.#state === 'ended' || this.#state === 'uploading') return
    this.#wake.abort()
    this.#become('uploading')
    this.#upload.start()
  }

  pause(): void {
    if (this.#state === 'ended' || this.#state === 'paused') return
    this.#wake.abort()
    this.#become('paused')
    void this.#upload.abort().catch(() => {})
  }

  /** Ends the upload; with `remove` also what the server has of it. */
  async cancel(reason: unknown, { remove = false } = {}): Promise<void> {
    if (this.#state === 'ended') return
    this.#wake.abort()
    this.#end(() => this.#reject(reason))
    await this.#upload.abort(remove).catch(() => {})
  }

  #become(state: UploadState): void {
    if (this.#state === state) return
    this.#state = state
    this.#options.onState?.(state)
  }

  #end(settle: () => void): void {
    this.#state = 'ended'
    settle()
  }

  async #authorize(request: HttpRequest): Promise<void> {
    const headers = (await this.#options.headers?.(this.#refusal)) ?? {}
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
  }

  /** Without the error, tus-js-client would take a 503 or 429 to HEAD for the end of the upload and begin another one. */
  #read(request: HttpRequest, response: HttpResponse): void {
    this.#videoId = response.getHeader('X-Video-Id') ?? this.#videoId
    const status = response.getStatus()
    if (request.getMethod() === 'HEAD' && status >= 300 && !GONE.has(status)) throw errorOfResponse(response)
  }

  #progress(sent: number, total: number): void {
    if (sent > this.#mostSent) {
      this.#mostSent = sent
      this.#failures = 0
      this.#refusal = undefined
    }
    this.#options.onProgress?.(sent, total)
  }

  async #failed(thrown: Error | DetailedError): Promise<void> {
    if (this.#state !== 'uploading') return
    const error = toKinoraError(thrown)
    const isFirstRefusal = error.status === 401 && this.#refusal === undefined && this.#options.headers !== undefined
    this.#failures += 1
    const mayPass = error.retryable || PASSING.has(error.code) || isFirstRefusal
    if (!mayPass || this.#failures > (this.#options.maxFailures ?? 10)) {
      return this.#end(() => this.#reject(error))
    }
    this.#refusal = error.status === 401 ? error : undefined
    this.#wake = new AbortController()
    const { signal } = this.#wake
    const isOffline = browser.navigator?.onLine === false
    this.#become(isOffline ? 'offline' : 'waiting')
    try {
      if (isOffline) await backOnline(signal)
      else await pause(isFirstRefusal ? 0 : this.#pauseMs(error), signal)
    } catch {
      return
    }
    this.start()
  }

  #pauseMs({ retryAfter }: KinoraError): number {
    const own = Math.min(500 * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS)
    return retryAfter === undefined ? own * (0.75 + Math.random() / 2) : retryAfter * 1000
  }
}

function backOnline(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    browser.addEventListener?.('online', () => resolve(), { once: true, signal })
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function toKinoraError(thrown: Error | DetailedError): KinoraError {
  const { causingError, originalResponse } = thrown as Partial<DetailedError>
  if (causingError instanceof KinoraError) return causingError
  if (originalResponse) return errorOfResponse(originalResponse)
  // A function for headers that throws, or a file that cannot be read, is not a lost connection.
  const cause = causingError ?? thrown
  return new KinoraError('The connection to the server was lost', { code: 'CONNECTION_FAILED', cause })
}

function errorOfResponse(response: HttpResponse): KinoraError {
  return errorOfProblem(response.getStatus(), response.getBody() ?? '', (name) => response.getHeader(name))
}
