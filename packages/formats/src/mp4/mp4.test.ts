import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { box, u32 } from '../../test/support/boxes.ts'
import { type Box, boxesAtStart, boxesIn, boxesInFile, findBox, innerBoxes } from './boxes.ts'
import type { InitSegment } from './init-segment.ts'
import { codecsOf, ENTRY_FIELDS } from './sample-entry.ts'
import { readSegment } from './segment.ts'

const defaults = { duration: 512, size: 10, flags: 0x1010000 }
const video = { id: 1, kind: 'video', timescale: 12_800, codecs: 'avc1.64001f', defaults, shift: 0 } as const
const init: InitSegment = { tracks: [video] }
/** Two samples that take everything from the defaults but the first one's flags. */
const traf = (decodeTime: number, trackId = 1) =>
  box('traf', box('tfhd', u32(0x20000, trackId)), box('tfdt', u32(0, decodeTime)), box('trun', u32(4, 2, 0x2000000)))
const moof = (decodeTime: number) => box('moof', traf(decodeTime))

describe('boxes', () => {
  it('are found by their path', () => {
    const file = box('moov', box('trak', box('mdia', u32(7))))
    const found = findBox(file, ['moov', 'trak', 'mdia']) as Box
    expect(file.readUInt32BE(found.body)).toBe(7)
    expect(findBox(file, ['moov', 'mvex'])).toBeUndefined()
  })

  it('longer than what contains them are refused, as are sizes that cannot be', () => {
    expect(() => [...boxesIn(box('free', u32(1)).subarray(0, 10))]).toThrow(RangeError)
    expect(() => [...boxesIn(u32(4, 0x66726565))]).toThrow(RangeError)
  })

  it('are read of a file by their headers alone', async () => {
    const found = await typesIn(Buffer.concat([box('ftyp'), box('mdat', Buffer.alloc(100)), box('moov')]))
    expect(found).toEqual(['ftyp', 'mdat', 'moov'])
    await expect(typesIn(box('mdat', Buffer.alloc(100)).subarray(0, 50))).rejects.toThrow(RangeError)
  })

  it('are read from the first bytes of a file up to the header that is cut off', () => {
    const file = Buffer.concat([box('ftyp', Buffer.alloc(8)), box('mdat', Buffer.alloc(100)), box('moov')])
    const types = (bytes: number) => Array.from(boxesAtStart(file.subarray(0, bytes)), ({ type }) => type)
    expect(types(30)).toEqual(['ftyp', 'mdat'])
    expect(types(20)).toEqual(['ftyp'])
    expect(types(4)).toEqual([])
    expect([...boxesAtStart(u32(4, 0x66726565))]).toEqual([])
  })

  it('of which a file or a box has too many are refused', async () => {
    const many = Buffer.alloc(8 * 1001, box('free'))
    await expect(typesIn(many)).rejects.toThrow(RangeError)
    const [moov] = boxesIn(box('moov', many))
    expect(() => innerBoxes(box('moov', many), moov as Box)).toThrow(RangeError)
  })
})

async function typesIn(bytes: Buffer): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-formats-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'file.mp4'), bytes)
  const file = await open(join(folder, 'file.mp4'))
  try {
    const types: string[] = []
    for await (const { type } of boxesInFile(file)) types.push(type)
    return types
  } finally {
    await file.close()
  }
}

describe('the codec of an HEVC track', () => {
  const named = (format: string, ...fields: number[]) => {
    const file = box(format, Buffer.alloc(ENTRY_FIELDS.video), box('hvcC', Buffer.from([1, ...fields, 0xf0, 0])))
    return codecsOf(file, [...boxesIn(file)][0] as Box, 'video')
  }

  it.each([
    // Annex E.3 of ISO/IEC 14496-15; Main 10 as libx265 writes it; a profile space, the high tier, and no constraints.
    ['hev1.1.6.L93.B0', named('hev1', 0x01, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93)],
    ['hvc1.2.4.L120.90', named('hvc1', 0x02, 0x20, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 120)],
    ['hvc1.A4.18000001.H153', named('hvc1', 0x64, 0x80, 0, 0, 0x10 | 0x08, 0, 0, 0, 0, 0, 0, 153)],
    ['hvc1.1.0.L30.B0.0.8', named('hvc1', 0x01, 0, 0, 0, 0, 0xb0, 0, 0x08, 0, 0, 0, 30)],
  ])('is %s', (codecs, found) => {
    expect(found).toBe(codecs)
  })

  it('needs its configuration', () => {
    const file = box('hvc1', Buffer.alloc(ENTRY_FIELDS.video))
    expect(() => codecsOf(file, [...boxesIn(file)][0] as Box, 'video')).toThrow(RangeError)
  })
})

describe('a segment', () => {
  const media = box('mdat', Buffer.alloc(20))

  it('adds up its fragments, with the defaults of its track', () => {
    const bytes = Buffer.concat([moof(1024), media, moof(2048), media])
    const second = moof(0).length + media.length
    expect(readSegment(bytes, init)).toEqual({
      ...{ bytes: bytes.length, decodeTime: 1024, samples: 4, duration: 2048, shownAt: 1024, startsWithSync: true },
      keyFrames: [
        { offset: 0, bytes: 10, decodeTime: 1024 },
        { offset: second, bytes: 10, decodeTime: 2048 },
      ],
    })
  })

  it('with audio beside the video is measured by its video', () => {
    const sound = { id: 2, kind: 'audio', timescale: 48_000, codecs: 'mp4a.40.2', defaults, shift: 0 } as const
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
