import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'

/** Headers of tus 1.0.0, https://tus.io/protocols/resumable-upload. */

const VERSION = '1.0.0'
const EXTENSIONS = 'creation,expiration,termination'
export const TUS_PATH = '/v1/uploads'
/** Address of an upload link; tus clients use what is below `/tus` there. */
export const LINK_PATH = '/u/:token'
const LINK_TUS = /^\/u\/[^/]+\/tus(\/|$)/
const OFFSET_STREAM = 'application/offset+octet-stream'

export function isTusPath(path: string): boolean {
  return path.startsWith(TUS_PATH) || LINK_TUS.test(path)
}

/** Whether a request is one of tus. Those of the IETF protocol, which go to the same addresses, do not have this header. */
export function speaksTus({ headers }: Request): boolean {
  return headers['tus-resumable'] !== undefined
}

/** Sets the protocol version, and for OPTIONS the supported versions and extensions. */
export function announceTus(req: Request, res: Response): void {
  if (req.method !== 'OPTIONS' && !speaksTus(req)) return
  res.setHeader('Tus-Resumable', VERSION)
  if (req.method !== 'OPTIONS') return
  res.setHeader('Tus-Version', VERSION)
  res.setHeader('Tus-Extension', EXTENSIONS)
}

/** Throws `TUS_VERSION_UNSUPPORTED` unless the client speaks tus 1.0.0. */
export function assertTusVersion(req: Request, res: Response): void {
  if (req.headers['tus-resumable'] === VERSION) return
  res.setHeader('Tus-Version', VERSION)
  throw new AppError('TUS_VERSION_UNSUPPORTED', { detail: `Unsupported tus version; send Tus-Resumable: ${VERSION}` })
}

/** Throws `UNSUPPORTED_MEDIA_TYPE` unless the body is a part of an upload. */
export function assertOffsetStream(req: Request): void {
  if (req.headers['content-type'] === OFFSET_STREAM) return
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', { detail: `The Content-Type must be ${OFFSET_STREAM}` })
}

/** Bytes from a header. Throws `VALIDATION_FAILED` unless it is a whole number below 2^53. */
export function numberHeader(req: Request, name: 'Upload-Length' | 'Upload-Offset'): number {
  const text = req.headers[name.toLowerCase()]
  const value = typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new AppError('VALIDATION_FAILED', { fields: [{ path: name, message: 'must be a whole number of bytes' }] })
}

/** An ISO 8601 timestamp as an HTTP date (RFC 9110 section 5.6.7). */
export function httpDate(timestamp: string): string {
  return new Date(timestamp).toUTCString()
}

const MAX_LENGTH = 8192
/** A key without spaces and commas, and an optional value in base64. */
const PAIR = /^([\x21-\x2b\x2d-\x7e]+)(?: ([A-Za-z0-9+/]*={0,2}))?$/

/**
 * Keys and decoded values of an `Upload-Metadata` header such as `filename aG9saWRheS5tcDQ=,title SG9saWRheQ==`. Throws
 * `VALIDATION_FAILED` if it is malformed, longer than 8192 characters, or has a key twice.
 */
export function parseUploadMetadata(header: string | undefined): Map<string, string> {
  const pairs = new Map<string, string>()
  if (header === undefined || header === '') return pairs
  if (header.length > MAX_LENGTH) throw invalid('is too long')
  for (const pair of header.split(',')) {
    const [, key, value = ''] = PAIR.exec(pair.trim()) ?? []
    if (key === undefined) throw invalid('must be pairs of a key and a base64 value')
    if (pairs.has(key)) throw invalid(`has ${key} twice`)
    pairs.set(key, decode(value))
  }
  return pairs
}

function decode(value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'base64'))
  } catch {
    throw invalid('has a value that is not UTF-8')
  }
}

function invalid(message: string): AppError {
  return new AppError('VALIDATION_FAILED', { fields: [{ path: 'Upload-Metadata', message }] })
}
