import { AppError, ERRORS, type ErrorCode, toAppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { endBeforeBody } from './read-body.ts'

/** Errors of body-parser by their `type`. */
const PARSER_ERRORS: Record<string, ErrorCode> = {
  'entity.too.large': 'BODY_TOO_LARGE',
  'entity.parse.failed': 'MALFORMED_JSON',
  'encoding.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'charset.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'request.aborted': 'BAD_REQUEST',
  'request.size.invalid': 'BAD_REQUEST',
}

/** What a representation had set before it failed; not true of the problem that is sent instead. */
const ENTITY_HEADERS = ['Content-Encoding', 'Accept-Ranges', 'ETag', 'Last-Modified']

/** Turns whatever was thrown under a request into one of our codes. */
export function asProblem(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const { type, status } = (thrown ?? {}) as { type?: unknown; status?: unknown }
  const code = typeof type === 'string' ? PARSER_ERRORS[type] : undefined
  if (code) return new AppError(code, { cause: thrown })
  // Express says so of an address that cannot be decoded.
  if (status === 400) return new AppError('BAD_REQUEST', { cause: thrown })
  return toAppError(thrown)
}

/** Answers with `application/problem+json` (RFC 9457). */
export function sendProblem(req: Request, res: Response, error: AppError): void {
  // Half an answer is out already: only breaking it off tells the client that it is not whole.
  if (res.headersSent) {
    res.destroy()
    return
  }
  const body = JSON.stringify(problemBody(error, req.id))
  for (const name of ENTITY_HEADERS) res.removeHeader(name)
  res.statusCode = error.status
  res.setHeader('Content-Type', 'application/problem+json')
  res.setHeader('Content-Length', Buffer.byteLength(body))
  res.setHeader('Cache-Control', 'no-store')
  const retryAfterMs = retryAfter(error)
  if (retryAfterMs !== undefined) res.setHeader('Retry-After', Math.max(1, Math.ceil(retryAfterMs / 1000)))
  if (error.status === 401) res.setHeader('WWW-Authenticate', challenge(req, error))
  endBeforeBody(req, res, body)
}

export function problemBody(error: AppError, requestId: string) {
  const retryAfterMs = retryAfter(error)
  return {
    type: `urn:kinora:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: titleOf(error),
    status: error.status,
    code: error.code,
    detail: error.detail ?? fieldsDetail(error) ?? titleOf(error),
    requestId,
    ...(error.fields && { errors: error.fields }),
    ...(error.retryable && { retryable: true }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

function titleOf(error: AppError): string {
  return ERRORS[error.code].title
}

/** Fields in a `detail`; `errors` has all of them. */
const MAX_DETAILED_FIELDS = 3

/** `title: Too small`: what is wrong with the fields, as a sentence for people who read no `errors`. */
function fieldsDetail({ fields = [] }: AppError): string | undefined {
  if (fields.length === 0) return undefined
  const listed = fields
    .slice(0, MAX_DETAILED_FIELDS)
    .map(({ path, message }) => (path ? `${path}: ${message}` : message))
  const rest = fields.length - listed.length
  return [...listed, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ')
}

/** Every 429 and 503 says when to come back. */
function retryAfter(error: AppError): number | undefined {
  if (error.retryAfterMs !== undefined) return Math.round(error.retryAfterMs)
  return error.status === 503 || error.status === 429 ? 1000 : undefined
}

/** RFC 6750 section 3: no error code where no token was sent. */
function challenge(req: Request, error: AppError): string {
  const aboutToken = req.headers.authorization !== undefined && TOKEN_REFUSALS.includes(error.code)
  if (!aboutToken) return 'Bearer realm="kinora"'
  return `Bearer realm="kinora", error="invalid_token", error_description="${titleOf(error)}"`
}

/** Why an access token or an API key is not accepted, apart from its not being there: each cause has its own code. */
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
