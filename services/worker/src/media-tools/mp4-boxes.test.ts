import { describe, expect, it } from 'vitest'
import { readFragment } from './fragment.ts'
import { type Box, boxesIn, findBox } from './mp4-boxes.ts'
import { readSegment } from './segment.ts'

function box(type: string, ...parts: (Buffer | number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const header = Buffer.alloc(8)
  header.writeUInt32BE(body.length + 8)
  header.write(type, 4, 'latin1')
  return Buffer.concat([header, body])
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => {
    buffer.writeUInt32BE(value, index * 4)
  })
  return buffer
}

const defaults = { duration: 512, size: 10, flags: 0x1010000 }
/** Two samples that take everything from the defaults but the first one's flags. */
const moof = (decodeTime = 1024) =>
  box(
    'moof',
    box('traf', box('tfhd', words(0x20000, 1)), box('tfdt', words(0, decodeTime)), box('trun', words(4, 2, 0x2000000))),
  )

const read = (bytes: Buffer) => async (start: number, end: number) => bytes.subarray(start, end)

describe('boxes', () => {
  it('are found by their path', () => {
    const file = box('moov', box('trak', box('mdia', words(7))))
    const found = findBox(file, ['moov', 'trak', 'mdia']) as Box
    expect(file.readUInt32BE(found.body)).toBe(7)
    expect(findBox(file, ['moov', 'mvex'])).toBeUndefined()
  })

  it('longer than what contains them are refused, as are sizes that cannot be', () => {
    expect(() => [...boxesIn(box('free', words(1)).subarray(0, 10))]).toThrow(RangeError)
    expect(() => [...boxesIn(words(4, 0x66726565))]).toThrow(RangeError)
  })
})

describe('a fragment', () => {
  it('is read with the defaults of its track', () => {
    const bytes = moof()
    const [outer] = boxesIn(bytes)
    const fragment = readFragment(bytes, outer as Box, defaults)
    expect(fragment).toEqual({
      decodeTime: 1024,
      samples: 2,
      duration: 1024,
      startsWithSync: true,
      bytes: 20,
      firstSampleEnd: 10,
    })
  })
})

describe('a segment', () => {
  it('adds up its fragments', async () => {
    const media = box('mdat', Buffer.alloc(20))
    const bytes = Buffer.concat([moof(0), media, moof(1024), media])
    expect(await readSegment(read(bytes), bytes.length, defaults)).toMatchObject({
      decodeTime: 0,
      samples: 4,
      duration: 2048,
    })
  })

  it('with a hole in time, without samples, or with fewer bytes than promised, is refused', async () => {
    const media = box('mdat', Buffer.alloc(20))
    for (const parts of [[moof(0), media, moof(2048), media], [media], [moof(0), box('mdat', Buffer.alloc(19))]]) {
      const bytes = Buffer.concat(parts)
      await expect(readSegment(read(bytes), bytes.length, defaults)).rejects.toThrow(RangeError)
    }
  })
})
