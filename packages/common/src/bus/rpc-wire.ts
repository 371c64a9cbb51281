import type { Actor, Call } from '../contract.ts'
import { AppError, type ErrorCode, type FieldError, isErrorCode } from '../errors.ts'

/**
 * A request: routing key = the caller's reply key, `type` = method, random `correlationId`, `userId` (checked by the
 * broker), `messageId` = request id, `expiration` = milliseconds left, and a `RequestBody` as JSON. Headers carry trace
 * context only: amqplib's header tables cost more than all the rest of a message. A reply: the same routing key and
 * `correlationId`, `userId` = the called service, `type` = REPLY_OK or REPLY_ERROR. No method can be named like these.
 */
export const REPLY_OK = '=ok'
export const REPLY_ERROR = '=error'
/** Answered by the bus itself: is anybody there? */
export const PING = '=ping'

/** Set by a server on a request that comes back to it for the first time, with the user who really sent it. */
export const REDELIVERED_FROM_HEADER = 'x-redelivered-from'
/** Set by RabbitMQ on what it dead-letters: `maxlen`, `expired` … */
export const DEATH_HEADER = 'x-first-death-reason'

export interface RequestBody {
  actor: Actor
  client?: Call['client']
  input: unknown
}

interface WireError {
  code: string
  detail?: string | undefined
  fields?: FieldError[] | undefined
  retryAfterMs?: number | undefined
  members?: Record<string, number> | undefined
}

export function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value) ?? 'null')
}

export function encodeError({ code, detail, fields, retryAfterMs, members }: AppError): Buffer {
  return encode({ code, detail, fields, retryAfterMs, members } satisfies WireError)
}

export function decodeError(content: Buffer): AppError {
  const { code, detail, fields, retryAfterMs, members } = JSON.parse(content.toString()) as WireError
  return new AppError(isErrorCode(code) ? code : 'INTERNAL', {
    ...(detail !== undefined && { detail }),
    ...(fields !== undefined && { fields }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(members !== undefined && { members }),
  })
}

/** Only JSON and an object are checked here: who may be believed, and the shape of the input, is the server's to judge. */
export function decodeRequest(content: Buffer): RequestBody {
  try {
    const body: unknown = JSON.parse(content.toString())
    if (typeof body === 'object' && body !== null) return body as RequestBody
  } catch {
    // Answered like anything else that is no request.
  }
  throw new AppError('VALIDATION_FAILED', { fields: [{ path: '', message: 'not a request' }] })
}

/** What the caller's own hop says; inside an answer it would claim that the request itself never ran. */
const NEXT_HOP_FAILURES: readonly ErrorCode[] = [
  'NOT_SENT',
  'NO_RESPONDER',
  'QUEUE_FULL',
  'CIRCUIT_OPEN',
  'CONNECTION_LOST',
]
/** What any method may answer, listed or not. */
const COMMON: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'STORAGE_FULL',
  'DEPENDENCY_UNAVAILABLE',
  'TIMEOUT',
  'POISON',
  'INTERNAL',
]

/** The error as the caller may see it: listed and common codes pass, anything else becomes `INTERNAL` without detail. */
export function publicError(error: AppError, listed: readonly ErrorCode[]): AppError {
  if (listed.includes(error.code) || COMMON.includes(error.code)) return error
  if (NEXT_HOP_FAILURES.includes(error.code)) {
    const retryAfterMs = error.retryAfterMs ?? 1000
    return new AppError('DEPENDENCY_UNAVAILABLE', { retryAfterMs, cause: error })
  }
  return new AppError('INTERNAL', { cause: error })
}
