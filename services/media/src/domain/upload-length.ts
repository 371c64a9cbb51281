import type { Declared } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'

/**
 * The length of a file by what is known and by what a request at `offset` says; null where nobody says it. Throws
 * `UPLOAD_LENGTH_INCONSISTENT` where these differ, or more bytes come than the file has, and `UPLOAD_EMPTY` for a file without bytes.
 */
export function declaredLength(
  { length, bytes, complete }: Declared,
  { offset, known }: { offset: number; known: number | null },
): number | null {
  const end = complete && bytes !== null ? offset + bytes : null
  const [whole = null, ...others] = [known, length, end].filter((said) => said !== null)
  if (whole === null) return null
  const differing = others.find((said) => said !== whole)
  if (differing !== undefined) throw inconsistent(`The file has ${whole} bytes by one length, ${differing} by another`)
  if (offset + (bytes ?? 0) > whole) throw inconsistent(`The file has ${whole} bytes; this request goes beyond them`)
  // What a chunked body has is seen too late where nothing is expected.
  if (bytes === null && offset === whole) throw inconsistent('All bytes have arrived: send Content-Length: 0')
  if (whole === 0) throw new AppError('UPLOAD_EMPTY')
  return whole
}

/** The length with which an upload begins, and whether more may follow when so many bytes have arrived. */
export function announcedLength({ bytes, declared }: { bytes: number | null; declared?: Declared | undefined }) {
  if (!declared) return { bytes, open: false }
  return { bytes: declaredLength(declared, { offset: 0, known: null }), open: declared.complete === false }
}

/** The refusal of bytes, or of none, that come after the end. */
export function afterTheEnd({ bytes }: Declared): AppError {
  if (bytes === 0) return new AppError('UPLOAD_COMPLETED')
  return inconsistent('The upload is complete; nothing can be added')
}

export function inconsistent(detail: string): AppError {
  return new AppError('UPLOAD_LENGTH_INCONSISTENT', { detail })
}
