import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ByteRange, StoredFile } from '@kinora/common/storage'

/** A strong validator of a stored file, from its size and time: files in the folder of an attempt never change. */
export function fileTag({ bytes, modifiedAt }: StoredFile): string {
  return `"${bytes.toString(36)}-${modifiedAt.getTime().toString(36)}"`
}

/** A strong validator of a response that is in memory. */
export function contentTag(content: string | Uint8Array): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
}

/** Whether `If-None-Match` has this tag; weak comparison (RFC 9110 section 13.1.2). */
export function isNotModified({ 'if-none-match': header }: IncomingHttpHeaders, tag: string): boolean {
  if (header === undefined) return false
  return header === '*' || header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === tag)
}

/** Whether `If-Range` allows a range; strong comparison (RFC 9110 section 13.1.5). A date never matches. */
export function isRangeCurrent({ 'if-range': header }: IncomingHttpHeaders, tag: string): boolean {
  return header === undefined || header === tag
}

/**
 * The range that a `Range` header requests of a file with `size` bytes (RFC 9110 section 14). `whole`: no header, or one
 * that may be ignored (several ranges, another unit, malformed). `unsatisfiable`: the range begins after the end.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '')
  if (!match) return 'whole'
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? 'whole' : suffix(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size - 1 : Number(last)
  if (last !== '' && end < start) return 'whole'
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size - 1) }
}

/** The last `length` bytes; all if there are fewer. */
function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable'
  return { start: Math.max(0, size - length), end: size - 1 }
}
