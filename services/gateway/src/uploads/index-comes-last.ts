const BOX_HEADER_BYTES = 8
const LONG_HEADER_BYTES = 16

/**
 * Is this the beginning of an MP4 whose index (`moov`) lies behind its pictures (`mdat`; ISO/IEC 14496-12, 8.1 and 8.2)? Of
 * such a file nothing can be shown before its end is there. False where these bytes do not tell.
 */
export function indexComesLast(start: Buffer): boolean {
  let [at, isFirst] = [0, true]
  while (at + LONG_HEADER_BYTES <= start.length) {
    const type = start.toString('latin1', at + 4, at + 8)
    if (isFirst && type !== 'ftyp' && type !== 'wide' && type !== 'mdat') return false
    if (type === 'mdat') return true
    if (type === 'moov' || type === 'moof') return false
    const size = boxBytes(start, at)
    if (size < BOX_HEADER_BYTES) return false
    at += size
    isFirst = false
  }
  return false
}

function boxBytes(start: Buffer, at: number): number {
  const size = start.readUInt32BE(at)
  return size === 1 ? Number(start.readBigUInt64BE(at + BOX_HEADER_BYTES)) : size
}
