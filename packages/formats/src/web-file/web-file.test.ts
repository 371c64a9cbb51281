import { describe, expect, it } from 'vitest'
import { box, u32 } from '../../test/support/boxes.ts'
import { blankOut, readWebFile, type WebFile } from './index.ts'

const text = (value: string) => Buffer.from(value, 'latin1')
const track = (handler: string, entry: Buffer, ...more: Buffer[]) =>
  box(
    'trak',
    box('tkhd', Buffer.alloc(84, 7)),
    box(
      'mdia',
      box('mdhd', u32(0, 7, 7, 1000, 1000, 0)),
      box('hdlr', u32(0, 0), text(handler), u32(0, 0, 0), text('DJI\0')),
      box('minf', box('stbl', box('stsd', u32(0, 1), entry))),
    ),
    ...more,
  )
const avc1 = (profile: number, fields = Buffer.alloc(78, 7)) =>
  box('avc1', fields, box('avcC', Buffer.from([1, profile, 0, 30])), box('GPS ', text('48.1')))
const ftyp = box('ftyp', text('isom'), u32(0))
const mdat = box('mdat', text('<script>alert(1)</script>'))
const moov = (...boxes: Buffer[]) => box('moov', box('mvhd', u32(0, 7, 7, 1000, 1000)), ...boxes)
const picture = track('vide', avc1(100))

async function read(...parts: Buffer[]): Promise<WebFile | null> {
  const file = Buffer.concat(parts)
  return await readWebFile({ size: file.length, read: async (start, bytes) => file.subarray(start, start + bytes) })
}

describe('a file that browsers play', () => {
  it('is an MP4 with its index first', async () => {
    expect(await read(ftyp, moov(picture), mdat)).toMatchObject({ contentType: 'video/mp4' })
    expect(await read(ftyp, mdat, moov(picture))).toBeNull()
    expect(await read(ftyp, moov(picture), mdat.subarray(0, 20))).toBeNull()
  })

  it('has no track in a codec that they lack', async () => {
    expect(await read(ftyp, moov(track('vide', avc1(110))), mdat)).toBeNull()
    expect(await read(ftyp, moov(track('vide', box('hvc1', Buffer.alloc(78)))), mdat)).toBeNull()
    expect(await read(ftyp, moov(picture, track('soun', box('ac-3', Buffer.alloc(28)))), mdat)).toBeNull()
    expect(await read(ftyp, moov(), mdat)).toBeNull()
    expect(await read(ftyp, moov(track('vide', avc1(100, Buffer.alloc(78, 255)))), mdat)).toBeNull()
  })

  it.each<[string, Buffer]>([
    ['a page', text('<!doctype html><script>alert(1)</script>')],
    ['a drawing', text('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')],
    ['a page before an MP4', Buffer.concat([text('<script>alert(1)</script>'), ftyp, moov(picture), mdat])],
    ['a page that claims to be a box', Buffer.concat([u32(0x3c736372), text('ipt>'), Buffer.alloc(64)])],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(5000)],
    ['an index of empty boxes', Buffer.concat([ftyp, moov(Buffer.alloc(8 * 100_000, box('free'))), mdat])],
    ['a box that contains itself', Buffer.concat([ftyp, u32(4), text('moov')])],
    ['a WebM of endless sizes', Buffer.from('1a45dfa301ffffffffffffff18538067', 'hex')],
  ])('is not %s', async (_, file) => {
    expect(await read(file)).toBeNull()
  })
})

describe('what others get of it', () => {
  const more = box('udta', box('©xyz', text('+48.1+11.5/')))
  const uuid = box('uuid', Buffer.alloc(16, 7), text('<x:xmpmeta/>'))
  const index = moov(track('vide', avc1(100), box('meta', text('a place'))), more, box('gps ', text('a place')))
  const file = Buffer.concat([ftyp, index, uuid, box('free', text('a serial number')), mdat])

  it('has the same length and frames, and no names, places and times', async () => {
    const { blanks } = (await read(file)) ?? {}
    const served = blankOut(Buffer.from(file), 0, blanks ?? [])
    expect(served.length).toBe(file.length)
    for (const secret of ['DJI', '48.1', 'place', 'xmp', 'serial']) {
      expect([secret, file.includes(secret), served.includes(secret)]).toEqual([secret, true, false])
    }
    for (const header of ['mvhd', 'tkhd', 'mdhd']) {
      const at = file.indexOf(header) + 8
      expect([file.readUInt32BE(at) === 0, served.readBigUInt64BE(at)]).toEqual([false, 0n])
    }
    expect(served.subarray(-mdat.length)).toEqual(mdat)
    expect(await read(served)).toMatchObject({ contentType: 'video/mp4' })
    // Every range is that of the whole.
    for (let start = 0; start < file.length; start += 13) {
      const range = blankOut(Buffer.from(file.subarray(start, start + 29)), start, blanks ?? [])
      expect(range).toEqual(served.subarray(start, start + 29))
    }
  })

  it('is nothing of a file with other tracks, or with what is not understood', async () => {
    const place = track('meta', box('gpmd', Buffer.alloc(8)))
    expect(await read(ftyp, moov(picture, place), mdat)).toMatchObject({ blanks: null })
    expect(await read(ftyp, moov(picture), mdat, text('a trailer'))).toMatchObject({ blanks: null })
  })
})
