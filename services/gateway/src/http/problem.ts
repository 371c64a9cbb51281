import { AppError, ERRORS, type ErrorCode, toAppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { PROBLEMS_PATH } from '../problem-page/problem-page.ts'
import { endBeforeBody } from './read-body.ts'

/** Codes for the errors of body-parser, by their `type`. */
const PARSER_ERRORS: Record<string, ErrorCode> = {
  'entity.too.large': 'BODY_TOO_LARGE',
  'entity.parse.failed': 'MALFORMED_JSON',
  'encoding.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'charset.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'request.aborted': 'BAD_REQUEST',
  'request.size.invalid': 'BAD_REQUEST',
}

/** Headers of a response that failed after it set them. They do not describe the problem that is sent instead. */
const ENTITY_HEADERS = ['Content-Encoding', 'Accept-Ranges', 'ETag', 'Last-Modified']

/** Converts anything thrown while a request was handled to an error with a code of the API. */
export function toRequestError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const { type, status } = (thrown ?? {}) as { type?: unknown; status?: unknown }
  const code = typeof type === 'string' ? PARSER_ERRORS[type] : undefined
  if (code) return new AppError(code, { cause: thrown })
  // Express throws this for a path that cannot be decoded.
  if (status === 400) return new AppError('BAD_REQUEST', { cause: thrown })
  return toAppError(thrown)
}

/** Sends the error as `application/problem+json` (RFC 9457). If the response has begun, closes the connection instead. */
export function sendProblem(req: Request, res: Response, error: AppError, publicUrl: string): void {
  // The response has begun: only a closed connection tells the client that it is incomplete.
  if (res.headersSent) {
    res.destroy()
    return
  }
  const body = JSON.stringify(problemBody(error, req.id, publicUrl))
  for (const name of ENTITY_HEADERS) res.removeHeader(name)
  res.statusCode = error.status
  res.setHeader('Content-Type', 'application/problem+json')
  res.setHeader('Content-Length', Buffer.byteLength(body))
  res.setHeader('Cache-Control', 'no-store')
  const retryAfterMs = retryAfter(error)
  if (retryAfterMs !== undefined) res.setHeader('Retry-After', Math.max(1, Math.ceil(retryAfterMs / 1000)))
  setMemberHeaders(res, error)
  if (error.status === 401) res.setHeader('WWW-Authenticate', challenge(req, error))
  endBeforeBody(req, res, body)
}

/** Headers that repeat a member of the problem, for clients that read no bodies. */
function setMemberHeaders(res: Response, { members = {} }: AppError): void {
  const { 'expected-offset': offset, 'max-size': maxSize } = members
  if (offset !== undefined) res.setHeader('Upload-Offset', offset)
  if (maxSize !== undefined) res.setHeader('Upload-Limit', `max-size=${maxSize}`)
}

/** Types that the draft of resumable uploads registers with IANA; all others are pages of ours. */
const REGISTERED: Partial<Record<ErrorCode, string>> = {
  UPLOAD_OFFSET_MISMATCH: 'mismatching-upload-offset',
  UPLOAD_COMPLETED: 'completed-upload',
  UPLOAD_LENGTH_INCONSISTENT: 'inconsistent-upload-length',
}

function typeOf(code: ErrorCode, publicUrl: string): string {
  const registered = REGISTERED[code]
  if (registered) return `https://iana.org/assignments/http-problem-types#${registered}`
  return `${publicUrl.replace(/\/$/, '')}${PROBLEMS_PATH}#${code}`
}

/** The body of an `application/problem+json` response (RFC 9457). `publicUrl` is the address of the installation. */
export function problemBody(error: AppError, requestId: string, publicUrl: string) {
  const retryAfterMs = retryAfter(error)
  return {
    type: typeOf(error.code, publicUrl),
    title: titleOf(error),
    status: error.status,
    code: error.code,
    detail: error.detail ?? fieldsDetail(error) ?? titleOf(error),
    requestId,
    ...error.members,
    ...(error.fields && { errors: error.fields }),
    ...(error.retryable && { retryable: true }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

function titleOf(error: AppError): string {
  return ERRORS[error.code].title
}

/** Fields listed in `detail`; `errors` lists all. */
const MAX_DETAILED_FIELDS = 3

/** A sentence such as `title: Too small`, for readers who do not look at `errors`. */
function fieldsDetail({ fields = [] }: AppError): string | undefined {
  if (fields.length === 0) return undefined
  const listed = fields
    .slice(0, MAX_DETAILED_FIELDS)
    .map(({ path, message }) => (path ? `${path}: ${message}` : message))
  const rest = fields.length - listed.length
  return [...listed, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ')
}

/** Milliseconds until the next try; every 429 and 503 has them. */
function retryAfter(error: AppError): number | undefined {
  if (error.retryAfterMs !== undefined) return Math.round(error.retryAfterMs)
  return error.status === 503 || error.status === 429 ? 1000 : undefined
}

/** The `WWW-Authenticate` header. Without a token it has no error code (RFC 6750 section 3). */
function challenge(req: Request, error: AppError): string {
  const aboutToken = req.headers.authorization !== undefined && TOKEN_REFUSALS.includes(error.code)
  if (!aboutToken) return 'Bearer realm="kinora"'
  return `Bearer realm="kinora", error="invalid_token", error_description="${titleOf(error)}"`
}

/** The codes for an access token or an API key that was sent but not accepted. */
export const TOKEN_REFUSALS: readonly ErrorCode[] = [
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'TOKEN_REVOKED',
  'KEY_RETIRED',
  'REFRESH_REUSED',
  'PASSWORD_CHANGED',
  'API_KEY_INVALID',
  'API_KEY_EXPIRED',
  'API_KEY_REVOKED',
  'ACCOUNT_DISABLED',
  'ACCOUNT_ERASED',
]
