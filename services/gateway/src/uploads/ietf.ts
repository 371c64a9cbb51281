import type { Declared, ResumableUpload } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { bodyLength } from '../http/read-body.ts'

/** Headers of draft-ietf-httpbis-resumable-upload-12: structured fields (RFC 9651). */

/** Of the drafts 09 to 12. */
const INTEROP_VERSION = '8'
export const PARTIAL_UPLOAD = 'application/partial-upload'

/** Addresses that create uploads. */
const TAKES_FILES = /^\/(v1\/uploads|v1\/videos\/[^/]+\/source|u\/[^/]+(\/tus)?)\/?$/

/** Says to OPTIONS that uploads to this address are resumable. */
export function announcePartialUploads(req: Request, res: Response): void {
  if (req.method === 'OPTIONS' && TAKES_FILES.test(req.path)) res.setHeader('Accept-Patch', PARTIAL_UPLOAD)
}

/** What a request says of the file. A header with another value than an integer is as if it was not there. */
export function readDeclared(req: Request): Declared {
  const complete = uploadComplete(req)
  if (complete === null) throw required('Upload-Complete', 'must be ?1 or ?0; tus clients send Tus-Resumable')
  return { length: integerHeader(req, 'upload-length'), bytes: bodyLength(req), complete }
}

/** Whether the file ends with this request; null where the request is not one of a resumable upload. */
export function uploadComplete({ headers }: Request): boolean | null {
  const digit = /^ *\?([01])(?: *;[^,]*)? *$/.exec(String(headers['upload-complete'] ?? ''))?.[1]
  return digit === undefined ? null : digit === '1'
}

export function readOffset(req: Request): number {
  const offset = integerHeader(req, 'upload-offset')
  if (offset === null) throw required('Upload-Offset', 'must be a whole number of bytes')
  return offset
}

/** An integer of a structured field has at most 15 digits. */
function integerHeader({ headers }: Request, name: 'upload-offset' | 'upload-length'): number | null {
  const digits = /^ *(\d{1,15})(?: *;[^,]*)? *$/.exec(String(headers[name] ?? ''))?.[1]
  return digits === undefined ? null : Number(digits)
}

function required(path: string, message: string): AppError {
  return new AppError('VALIDATION_FAILED', { fields: [{ path, message }] })
}

/** Throws `UNSUPPORTED_MEDIA_TYPE` unless the body is a part of an upload. */
export function assertPartialUpload(req: Request, res: Response): void {
  if (req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === PARTIAL_UPLOAD) return
  res.setHeader('Accept-Patch', PARTIAL_UPLOAD)
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', { detail: `The Content-Type must be ${PARTIAL_UPLOAD}` })
}

/** Says how far an upload has come, and what limits it has. */
export function setState(res: Response, { offset, bytes, expiresAt }: ResumableUpload, isComplete: boolean): void {
  const secondsLeft = Math.max(0, Math.floor((Date.parse(expiresAt) - Date.now()) / 1000))
  res.setHeader('Upload-Offset', offset)
  res.setHeader('Upload-Complete', isComplete ? '?1' : '?0')
  res.setHeader('Upload-Limit', `max-size=${bytes}, max-age=${secondsLeft}`)
}

/**
 * Sends the address of the upload before its bytes arrive, so that a client that is cut off can go on: `104 Upload Resumption
 * Supported`, which Node has no method for. Only to clients of the same interop version, as the draft demands. Returns whether
 * it was sent.
 */
export function announceResumption(req: Request, res: Response): boolean {
  if (req.headers['upload-draft-interop-version'] !== INTEROP_VERSION || req.httpVersionMinor === 0) return false
  const head = [
    'HTTP/1.1 104 Upload Resumption Supported',
    `Location: ${res.getHeader('Location')}`,
    `Upload-Limit: ${res.getHeader('Upload-Limit')}`,
    `Upload-Draft-Interop-Version: ${INTEROP_VERSION}`,
  ]
  // Without a socket the answer to an earlier request on this connection is still being sent.
  if (!res.socket) return false
  res.socket.write(`${head.join('\r\n')}\r\n\r\n`)
  return true
}
