import type { ByteRange } from '@kinora/common/storage'

/**
 * The one range that a `Range` header asks of a file with `size` bytes (RFC 9110 section 14). `whole`: there is none, or
 * it is of a form that may be ignored (several ranges, another unit, nonsense). `unsatisfiable`: it lies behind the end.
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

/** The last so many bytes; all of them when there are fewer. */
function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable'
  return { start: Math.max(0, size - length), end: size - 1 }
}
