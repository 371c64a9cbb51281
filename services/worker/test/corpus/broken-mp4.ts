import { boxesIn } from '@kinora/formats/mp4'
import { box, changeBox, SAMPLE_TABLE, u32 } from '../../../../packages/formats/test/support/boxes.ts'
import type { HostileFile, Seeds, Verdict } from './hostile-file.ts'
import { written } from './making.ts'

const FTYP = box('ftyp', Buffer.from('isom'), u32(512), Buffer.from('isommp41'))

/** MP4 files with wrong sizes, counts and offsets. */
export const BROKEN_MP4: HostileFile[] = [
  ...[1, 7, 8, 31].map((end) =>
    written(`an MP4 cut after byte ${end}`, 'SOURCE_CORRUPT', (s) => s.mp4.subarray(0, end)),
  ),
  written('an MP4 cut before its first track', 'NO_VIDEO_STREAM', (s) => s.mp4.subarray(0, 200)),
  written('an MP4 cut in the middle of its index', 'SOURCE_CORRUPT', (s) =>
    s.mp4.subarray(0, place(s, 'moov').start + 700),
  ),
  written('an MP4 cut just before its frames', 'SOURCE_CORRUPT', (s) => s.mp4.subarray(0, place(s, 'mdat').body)),
  written('an MP4 cut in the middle of its frames', 'ready', (s) => {
    const { body, end } = place(s, 'mdat')
    return s.mp4.subarray(0, Math.round((body + end) / 2))
  }),
  written('an MP4 without its last byte', 'ready', (s) => s.mp4.subarray(0, -1)),
  written('an MP4 without an index', 'SOURCE_CORRUPT', (s) =>
    Buffer.concat([FTYP, s.mp4.subarray(place(s, 'mdat').start)]),
  ),
  written('an index alone', 'SOURCE_UNSUPPORTED', (s) => s.mp4.subarray(0, place(s, 'moov').end)),

  sized('an index that goes on to the end', 'SOURCE_UNSUPPORTED', 0),
  sized('an index whose size is given later, by its own content', 'NO_VIDEO_STREAM', 1),
  sized('an index of 7 bytes', 'SOURCE_CORRUPT', 7),
  sized('an index of 4 GB', 'SOURCE_UNSUPPORTED', 0xffffffff),
  written('an index of 2^63 bytes', 'ready', (s) =>
    Buffer.concat([FTYP, u32(1), Buffer.from('moov'), u32(0x80000000, 0), s.mp4.subarray(place(s, 'moov').body)]),
  ),
  written('ten thousand boxes inside one another', 'SOURCE_CORRUPT', () => {
    const depth = 10_000
    const headers = Array.from({ length: depth }, (_, level) =>
      Buffer.concat([u32(8 * (depth - level)), Buffer.from('moov')]),
    )
    return Buffer.concat([FTYP, ...headers])
  }),
  written('a hundred thousand empty boxes at the end', 'ready', ({ mp4 }) =>
    Buffer.concat([mp4, Buffer.alloc(800_000, box('free'))]),
  ),

  inTable('two billion frames in the table of times', 'SOURCE_UNSUPPORTED', 'stts', () => u32(0, 1, 0x7fffffff, 512)),
  inTable('two billion entries in the table of times', 'OUT_OF_MEMORY', 'stts', (body) =>
    replaced(body, 4, 0x7fffffff),
  ),
  inTable('two billion entries in the table of offsets in time', 'ready', 'ctts', () => u32(0, 0x7fffffff, 1, 1)),
  inTable('two billion frames of one size', 'SOURCE_UNSUPPORTED', 'stsz', () => u32(0, 16, 0x7fffffff)),
  inTable('fifty million frames of one byte', 'SOURCE_UNSUPPORTED', 'stsz', () => u32(0, 1, 50_000_000)),
  inTable('frames of 2 GB', 'SOURCE_UNSUPPORTED', 'stsz', (body) =>
    Buffer.concat([body.subarray(0, 12), Buffer.alloc(body.length - 12, 0x7f)]),
  ),
  inTable('chunks that lie beyond the file', 'SOURCE_UNSUPPORTED', 'stco', (body) =>
    Buffer.concat([body.subarray(0, 8), Buffer.alloc(body.length - 8, 0x7f)]),
  ),
  inTable('a frame that lasts for ever', 'ready', 'stts', (body) => replaced(body, body.length - 4, 0x7fffffff)),
  inTable('no time between frames', 'SOURCE_UNSUPPORTED', 'stts', () => u32(0, 1, 25, 0)),
  changed('a clock of one tick a second', 'ready', ['moov', 'trak', 'mdia', 'mdhd'], (body) => replaced(body, 12, 1)),
  changed('a clock of four billion ticks a second', 'ready', ['moov', 'trak', 'mdia', 'mdhd'], (body) =>
    replaced(body, 12, 0xffffffff),
  ),
  changed('a clock that stands still', 'ready', ['moov', 'trak', 'mdia', 'mdhd'], (body) => replaced(body, 12, 0)),
  changed('a declared length of a century', 'ready', ['moov', 'mvhd'], (body) => replaced(body, 16, 0xffffffff)),
  changed('a frame whose sides are zero', 'ready', ['moov', 'trak', 'tkhd'], (body) =>
    replaced(replaced(body, 76, 0), 80, 0),
  ),
  changed('a frame rotated by 45 degrees', 'ready', ['moov', 'trak', 'tkhd'], (body) => turned(body)),
  changed('an edit list that shows nothing', 'SOURCE_CORRUPT', ['moov', 'trak', 'edts', 'elst'], () =>
    u32(0, 1, 0, 0xffffffff, 0x10000),
  ),
  changed('frames in another file', 'SOURCE_UNSUPPORTED', [...SAMPLE_TABLE.slice(0, -1), 'dinf', 'dref'], () =>
    alias('/etc/passwd'),
  ),
  written('a thousand tracks', 'SOURCE_OVER_LIMIT', (s) =>
    changeBox(s.mp4, ['moov'], (moov) => {
      const tracks = [...boxesIn(moov)]
        .filter(({ type }) => type === 'trak')
        .map(({ start, end }) => moov.subarray(start, end))
      return Buffer.concat([moov, ...Array.from({ length: 500 }, () => tracks).flat()])
    }),
  ),
]

function place({ mp4 }: Seeds, type: string) {
  const found = [...boxesIn(mp4)].find((each) => each.type === type)
  if (!found) throw new Error(`the seed has no ${type}`)
  return found
}

/** An index that declares this size. */
function sized(name: string, verdict: Verdict, size: number): HostileFile {
  return written(name, verdict, (s) => Buffer.concat([FTYP, u32(size), s.mp4.subarray(place(s, 'moov').start + 4)]))
}

function changed(name: string, verdict: Verdict, path: string[], change: (body: Buffer) => Buffer): HostileFile {
  return written(name, verdict, (s) => changeBox(s.mp4, path, change))
}

function inTable(name: string, verdict: Verdict, type: string, change: (body: Buffer) => Buffer): HostileFile {
  return changed(name, verdict, [...SAMPLE_TABLE, type], change)
}

function replaced(body: Buffer, offset: number, value: number): Buffer {
  body.writeUInt32BE(value, offset)
  return body
}

/** The matrix of `tkhd` begins at byte 40: cos and sin of 45 degrees in 16.16. */
function turned(body: Buffer): Buffer {
  u32(46_341, 46_341, 0, -46_341 >>> 0, 46_341).copy(body, 40)
  return body
}

/** A data reference of QuickTime's kind `alis`, which names a file by its path (its type 2). */
function alias(path: string): Buffer {
  const head = Buffer.alloc(150)
  const name = Buffer.concat([Buffer.from([0, 2, 0, path.length]), Buffer.from(path), Buffer.from([255, 255, 0, 0])])
  return Buffer.concat([u32(0, 1), box('alis', u32(0), head, name)])
}
