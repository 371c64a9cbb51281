import { describe, expect, it } from 'vitest'
import { indexComesLast } from './speculative-segments.ts'

function box(type: string, bytes = 8): Buffer {
  const whole = Buffer.alloc(bytes)
  whole.writeUInt32BE(bytes)
  whole.write(type, 4, 'latin1')
  return whole
}

const longBox = (type: string, bytes: number) => {
  const whole = Buffer.alloc(bytes)
  whole.writeUInt32BE(1)
  whole.write(type, 4, 'latin1')
  whole.writeBigUInt64BE(BigInt(bytes), 8)
  return whole
}

const tail = Buffer.alloc(32)

describe('indexComesLast', () => {
  it.each([
    ['frames after the type', [box('ftyp', 32), box('mdat', 100)], true],
    ['a QuickTime file', [box('wide'), box('mdat', 100)], true],
    ['a box with a 64-bit size before the frames', [box('ftyp', 24), longBox('free', 40), box('mdat', 100)], true],
    ['the index first', [box('ftyp', 32), box('moov', 100)], false],
    ['fragments', [box('ftyp', 32), box('sidx', 40), box('moof', 100)], false],
    ['an index that begins after these bytes', [box('ftyp', 32), box('free', 4000).subarray(0, 100)], false],
    ['a box with size 0', [box('ftyp', 32), Buffer.alloc(100)], false],
    ['WebM', [Buffer.from('1a45dfa3', 'hex'), Buffer.alloc(100)], false],
    ['nothing', [], false],
  ])('%s', (_, parts, expected) => {
    expect(indexComesLast(Buffer.concat([...(parts as Buffer[]), ...(parts.length > 0 ? [tail] : [])]))).toBe(expected)
  })

  it('ignores a box larger than any file', () => {
    const endless = longBox('free', 40)
    endless.writeBigUInt64BE(2n ** 63n, 8)
    expect(indexComesLast(Buffer.concat([box('ftyp', 32), endless, tail]))).toBe(false)
  })
})
