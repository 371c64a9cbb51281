import type { ApiErrorCode, Problem, Video } from './types.ts'

/** Codes of what went wrong without an answer of the API. */
export type ClientErrorCode =
  | 'CONNECTION_FAILED'
  | 'REQUEST_TIMED_OUT'
  | 'UNEXPECTED_ANSWER'
  | 'WAIT_TIMED_OUT'
  | 'VIDEO_FAILED'
  | 'WEBHOOK_SIGNATURE_INVALID'

export interface KinoraErrorFields {
  code: ApiErrorCode | ClientErrorCode
  /** HTTP status; 0 without an answer. */
  status?: number | undefined
  /** Id of the request, as in the logs of the server. */
  requestId?: string | undefined
  /** Seconds after which the request may be sent again, if the server said so. */
  retryAfter?: number | undefined
  /** Fields of the request that were refused. */
  errors?: Problem['errors'] | undefined
  cause?: unknown
}

/** Every error of this package. `code` is stable and meant for `switch`; `message` is a sentence for people. */
export class KinoraError extends Error {
  readonly code: ApiErrorCode | ClientErrorCode
  readonly status: number
  readonly requestId: string | undefined
  readonly retryAfter: number | undefined
  readonly errors: Problem['errors'] | undefined

  constructor(message: string, { code, status = 0, requestId, retryAfter, errors, cause }: KinoraErrorFields) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'KinoraError'
    this.code = code
    this.status = status
    this.requestId = requestId
    this.retryAfter = retryAfter
    this.errors = errors
  }

  /** Whether the same request may succeed later: 408, 429, 5xx, or no answer at all. */
  get retryable(): boolean {
    const withoutAnswer = this.code === 'CONNECTION_FAILED' || this.code === 'REQUEST_TIMED_OUT'
    return withoutAnswer || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

/** The video cannot be processed. `cause.code` and the message are those of `video.error`. */
export class VideoFailedError extends KinoraError {
  readonly video: Video

  constructor(video: Video) {
    super(video.error?.detail ?? 'The video could not be processed', { code: 'VIDEO_FAILED', cause: video.error })
    this.name = 'VideoFailedError'
    this.video = video
  }
}

/** The error that an answer of the API reports; any body is understood, also that of a proxy. */
export async function errorOf(response: Response): Promise<KinoraError> {
  return errorOfProblem(response.status, await response.text().catch(() => ''), (name) => response.headers.get(name))
}

/** The same from the parts of an answer. */
export function errorOfProblem(
  status: number,
  body: string,
  header: (name: string) => string | null | undefined,
): KinoraError {
  const problem = parseProblem(body)
  const fields = { status, requestId: problem?.requestId ?? header('x-request-id') ?? undefined }
  const retryAfter = secondsOf(header('retry-after')) ?? milliseconds(problem?.retryAfterMs)
  if (!problem)
    return new KinoraError(`The server answered ${status}`, { code: 'UNEXPECTED_ANSWER', ...fields, retryAfter })
  return new KinoraError(problem.detail, { code: problem.code, errors: problem.errors, ...fields, retryAfter })
}

function parseProblem(body: string): Problem | undefined {
  try {
    const problem = JSON.parse(body)
    return typeof problem?.code === 'string' && typeof problem.detail === 'string' ? problem : undefined
  } catch {
    return undefined
  }
}

function milliseconds(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value / 1000
}

/** Seconds of a `Retry-After` header, which is a number or a date (RFC 9110 section 10.2.3). */
function secondsOf(header: string | null | undefined): number | undefined {
  if (header == null || header === '') return undefined
  if (/^\d+$/.test(header)) return Number(header)
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000)
}
