import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'

/** tus 1.0.0, https://tus.io/protocols/resumable-upload: the parts of it that are about headers. */

const VERSION = '1.0.0'
const EXTENSIONS = 'creation,expiration,termination'
export const TUS_PATH = '/v1/uploads'
const OFFSET_STREAM = 'application/offset+octet-stream'

/** Every answer says the version, and one to OPTIONS what else there is. */
export function announceTus(req: Request, res: Response): void {
  res.setHeader('Tus-Resumable', VERSION)
  if (req.method !== 'OPTIONS') return
  res.setHeader('Tus-Version', VERSION)
  res.setHeader('Tus-Extension', EXTENSIONS)
}

export function assertTusVersion(req: Request, res: Response): void {
  if (req.headers['tus-resumable'] === VERSION) return
  res.setHeader('Tus-Version', VERSION)
  throw new AppError('TUS_VERSION_UNSUPPORTED', { detail: `The header Tus-Resumable must be ${VERSION}` })
}

export function assertOffsetStream(req: Request): void {
  if (req.headers['content-type'] === OFFSET_STREAM) return
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', { detail: `The Content-Type of a part is ${OFFSET_STREAM}` })
}

/** `Upload-Length` and `Upload-Offset`: whole numbers. */
export function numberHeader(req: Request, name: 'Upload-Length' | 'Upload-Offset'): number {
  const text = req.headers[name.toLowerCase()]
  const value = typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new AppError('VALIDATION_FAILED', { fields: [{ path: name, message: 'must be a whole number of bytes' }] })
}

/** RFC 9110 section 5.6.7. */
export function httpDate(timestamp: string): string {
  return new Date(timestamp).toUTCString()
}

const MAX_LENGTH = 8192
/** A key without spaces and commas, then maybe a value in base64. */
const PAIR = /^([\x21-\x2b\x2d-\x7e]+)(?: ([A-Za-z0-9+/]*={0,2}))?$/

/**
 * The pairs of an `Upload-Metadata` header (tus 1.0.0): `filename aG9saWRheS5tcDQ=,title SG9saWRheQ==`. Throws
 * `VALIDATION_FAILED` for anything else.
 */
export function parseUploadMetadata(header: string | undefined): Map<string, string> {
  const pairs = new Map<string, string>()
  if (header === undefined || header === '') return pairs
  if (header.length > MAX_LENGTH) throw invalid('is too long')
  for (const pair of header.split(',')) {
    const [, key, value = ''] = PAIR.exec(pair.trim()) ?? []
    if (key === undefined) throw invalid('must be pairs of a key and a value in base64')
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
