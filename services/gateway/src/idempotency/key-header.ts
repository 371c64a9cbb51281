import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '@kinora/common/errors'

/** A string as structured fields have it (RFC 9651 section 3.3.3), without escapes; what a header sent twice becomes is none. */
const QUOTED = /^"([\x20\x21\x23-\x5b\x5d-\x7e]{1,255})"$/
/** The same without quotes, as most clients send it. */
const BARE = /^([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,255})$/

/**
 * The value of `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header); with quotes it is the same key as without.
 * Throws `VALIDATION_FAILED`.
 */
export function idempotencyKey({ 'idempotency-key': header }: IncomingHttpHeaders): string | undefined {
  if (header === undefined) return undefined
  const text = header.toString()
  const key = (QUOTED.exec(text) ?? BARE.exec(text))?.[1]
  if (key !== undefined) return key
  const message = 'must be 1 to 255 printable ASCII characters, such as a UUID'
  throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'Idempotency-Key', message }] })
}
