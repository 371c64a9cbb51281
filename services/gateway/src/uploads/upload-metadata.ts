import { AppError } from '@kinora/common/errors'

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
