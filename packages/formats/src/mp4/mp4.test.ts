import { describe, expect, it } from 'vitest'
import { type Box, boxesIn, findBox } from './boxes.ts'
import type { InitSegment } from './init-segment.ts'
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
const video = { id: 1, kind: 'video', timescale: 12_800, codecs: 'avc1.64001f', defaults } as const
const init: InitSegment = { tracks: [video] }
/** Two samples that take everything from the defaults but the first one's flags. */
const traf = (decodeTime: number, trackId = 1) =>
  box(
    'traf',
    box('tfhd', words(0x20000, trackId)),
    box('tfdt', words(0, decodeTime)),
    box('trun', words(4, 2, 0x2000000)),
  )
const moof = (decodeTime: number) => box('moof', traf(decodeTime))

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

describe('a segment', () => {
  const media = box('mdat', Buffer.alloc(20))

  it('adds up its fragments, with the defaults of its track', () => {
    const bytes = Buffer.concat([moof(1024), media, moof(2048), media])
    const second = moof(0).length + media.length
    expect(readSegment(bytes, init)).toEqual({
      ...{ bytes: bytes.length, decodeTime: 1024, samples: 4, duration: 2048, startsWithSync: true },
      keyFrames: [
        { offset: 0, bytes: 10, decodeTime: 1024 },
        { offset: second, bytes: 10, decodeTime: 2048 },
      ],
    })
  })

  it('with sound beside the picture is measured by its picture', () => {
    const sound = { id: 2, kind: 'audio', timescale: 48_000, codecs: 'mp4a.40.2', defaults } as const
    const bytes = Buffer.concat([box('moof', traf(96, 2), traf(512)), box('mdat', Buffer.alloc(40))])
    expect(readSegment(bytes, { tracks: [sound, video] })).toMatchObject({ decodeTime: 512, samples: 2 })
  })

  it('with a hole in time, without samples, or with fewer bytes than promised, is refused', () => {
    for (const parts of [[moof(0), media, moof(2048), media], [media], [moof(0), box('mdat', Buffer.alloc(19))]]) {
      expect(() => readSegment(Buffer.concat(parts), init)).toThrow(RangeError)
    }
  })

  it('of a track that nobody initialised is refused', () => {
    expect(() => readSegment(Buffer.concat([box('moof', traf(0, 7)), media]), init)).toThrow(RangeError)
  })
})
