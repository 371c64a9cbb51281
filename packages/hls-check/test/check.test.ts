import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  checkPresentation,
  type Expected,
  FetchError,
  folderSource,
  NotAPlaylist,
  type Report,
  webSource,
} from '../src/index.ts'
import { bitsPerSecond, copyOf, createPresentation, edit } from './support/presentation.ts'

const right = await createPresentation()

function brokenIn({ verdicts }: Report): string[] {
  return verdicts.filter(({ verdict }) => verdict === 'broken').map(({ rule }) => rule)
}

async function broken(folder: string, expected?: Expected): Promise<string[]> {
  return brokenIn(await checkPresentation(await folderSource(folder), expected ? { expected } : {}))
}

describe('a right presentation', () => {
  it('keeps all rules, and all of it is read', async () => {
    const report = await checkPresentation(await folderSource(right))
    expect(brokenIn(report)).toEqual([])
    const unchecked = report.verdicts.filter(({ verdict }) => verdict === 'unchecked').map(({ rule }) => rule)
    expect(unchecked).toEqual(['HLS-21', 'HLS-22', 'HLS-29', 'HLS-30'])
    expect(report.playlists.map(({ name }) => name)).toEqual([
      ...['master.m3u8', '180p/list.m3u8', '90p/list.m3u8', 'sound/list.m3u8', 'other/list.m3u8'],
    ])
    expect(report.bytes).toBeGreaterThan(10_000)
  })

  it('may be cut out of one file by byte ranges', async () => {
    const folder = await copyOf(right)
    const parts = await Promise.all(
      ['init_0.mp4', '0.m4s', '1.m4s', '2.m4s'].map((name) => readFile(join(folder, '180p', name))),
    )
    await writeFile(join(folder, '180p/all.mp4'), Buffer.concat(parts))
    const [init, ...segments] = parts.map(({ length }) => length)
    await edit(join(folder, '180p/list.m3u8'), (text) =>
      text
        .replace('URI="init_0.mp4"', `URI="all.mp4",BYTERANGE="${init}@0"`)
        .replace(/(\d)\.m4s/g, (_, digit: string) => {
          const offset = digit === '0' ? `@${init}` : ''
          return `#EXT-X-BYTERANGE:${segments[Number(digit)]}${offset}\nall.mp4`
        }),
    )
    expect(await broken(folder)).toEqual([])
  })
})

/** The media type of playlists from the server of the correct presentation. */
let mediaType = 'application/vnd.apple.mpegurl'
const server = createServer(async (req, res) => {
  const bytes = await readFile(join(right, req.url ?? '')).catch(() => null)
  res.setHeader('content-type', req.url?.endsWith('.m3u8') ? mediaType : 'video/mp4')
  res.writeHead(bytes ? 200 : 404).end(bytes)
})
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
afterAll(() => new Promise((done) => server.close(done)))
const address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/master.m3u8`)

describe('over http', () => {
  it('the same rules are kept', async () => {
    mediaType = 'application/vnd.apple.mpegurl; charset=utf-8'
    expect(brokenIn(await checkPresentation(webSource(address)))).toEqual([])
  })

  it('a playlist that is served as something else is found', async () => {
    mediaType = 'text/plain'
    expect(brokenIn(await checkPresentation(webSource(address)))).toEqual(['HLS-02'])
  })

  it('an address where nothing is cannot be checked', async () => {
    await expect(checkPresentation(webSource(new URL('/other.m3u8', address)))).rejects.toThrow(FetchError)
  })
})

it.each<[string, string, (path: string) => Promise<void>, string[]]>([
  [
    'a segment without EXTINF',
    '90p/list.m3u8',
    (path) => edit(path, (text) => text.replace(/#EXTINF.*\n/, '')),
    ['HLS-01'],
  ],
  [
    'too low a version',
    '90p/list.m3u8',
    (path) => edit(path, (text) => text.replace('VERSION:7', 'VERSION:3')),
    ['HLS-03'],
  ],
  ['a missing segment', '90p/1.m4s', (path) => rm(path), ['HLS-04']],
  ['an empty segment', '90p/1.m4s', (path) => writeFile(path, ''), ['HLS-04']],
  [
    'an address outside the folder',
    '90p/list.m3u8',
    (path) => edit(path, (text) => text.replace('0.m4s', '../../../../../etc/hostname')),
    ['HLS-04'],
  ],
  [
    'too short a target duration',
    '90p/list.m3u8',
    (path) => edit(path, (text) => text.replace('DURATION:2', 'DURATION:1')),
    ['HLS-05'],
  ],
  ['a growing playlist', '90p/list.m3u8', (path) => edit(path, (text) => text.replace(':VOD', ':EVENT')), ['HLS-06']],
  [
    'a list that does not end',
    '90p/list.m3u8',
    (path) => edit(path, (text) => text.replace('#EXT-X-ENDLIST', '')),
    ['HLS-07'],
  ],
  [
    'segments that may depend on others',
    'master.m3u8',
    (path) => edit(path, (text) => text.replace('#EXT-X-INDEPENDENT-SEGMENTS\n', '')),
    ['HLS-08'],
  ],
  [
    'no initialisation',
    '90p/list.m3u8',
    (path) => edit(path, (text) => text.replace(/#EXT-X-MAP.*\n/, '')),
    ['HLS-09'],
  ],
  ['a malformed initialisation segment', '90p/init_1.mp4', (path) => truncate(path, 100), ['HLS-09']],
  ['a segment that was cut off', '90p/1.m4s', (path) => truncate(path, 1000), ['HLS-10']],
  [
    'a variant without average',
    'master.m3u8',
    (path) => edit(path, (text) => text.replace(/AVERAGE-BANDWIDTH=\d+,/, '')),
    ['HLS-11'],
  ],
  [
    'a group that does not exist',
    'master.m3u8',
    (path) => edit(path, (text) => text.replaceAll('GROUP-ID="sound"', 'GROUP-ID="noise"')),
    ['HLS-11', 'HLS-13', 'HLS-14'],
  ],
  [
    'too small a bandwidth',
    'master.m3u8',
    (path) => edit(path, (text) => text.replace('BANDWIDTH=9000000', 'BANDWIDTH=90000')),
    ['HLS-12'],
  ],
  [
    'a wrong average',
    'master.m3u8',
    (path) => edit(path, (text) => text.replace(/AVERAGE-BANDWIDTH=(\d+)/, 'AVERAGE-BANDWIDTH=9$1')),
    ['HLS-13'],
  ],
  [
    'another codec',
    'master.m3u8',
    (path) => edit(path, (text) => text.replace(/avc1\.\w+/, 'avc1.640033')),
    ['HLS-14'],
  ],
  [
    'segments in the wrong order',
    '90p/list.m3u8',
    (path) => edit(path, (text) => text.replace('0.m4s', '1.m4s')),
    ['HLS-16', 'HLS-18', 'HLS-23'],
  ],
  [
    'a wrong length of a segment',
    '90p/list.m3u8',
    (path) => edit(path, (text) => text.replace('2.000000', '1.900000')),
    ['HLS-17'],
  ],
  [
    'a rendition without its end',
    '90p/list.m3u8',
    (path) => edit(path, (text) => text.replace(/#EXTINF[^#]*2\.m4s\n/, '')),
    ['HLS-18', 'HLS-19'],
  ],
  [
    'audio that ends early',
    'sound/list.m3u8',
    (path) => edit(path, (text) => text.replace(/#EXTINF[^#]*2\.m4s\n/, '')),
    ['HLS-20'],
  ],
])('%s breaks its rule, and no other', async (_, name, damage, rules) => {
  const folder = await copyOf(right)
  await damage(join(folder, name))
  expect(await broken(folder)).toEqual(rules)
})

it('a segment that begins without a key frame is found in its header', async () => {
  const folder = await copyOf(right)
  const segment = await readFile(join(folder, '90p/1.m4s'))
  // The first sample's flags of `trun`, of which this muxer writes no others: non-sync from now on.
  const trun = segment.indexOf('trun')
  expect(segment.readUIntBE(trun + 5, 3) & 0x4).toBe(0x4)
  segment.writeUInt32BE(0x1010000, trun + 16)
  await writeFile(join(folder, '90p/1.m4s'), segment)
  expect(await broken(folder)).toEqual(['HLS-15'])
})

it('audio that begins later than the frames is found', async () => {
  const folder = await copyOf(right)
  for (const number of [0, 1, 2]) {
    const path = join(folder, `sound/${number}.m4s`)
    const segment = await readFile(path)
    for (let at = segment.indexOf('tfdt'); at !== -1; at = segment.indexOf('tfdt', at + 4)) {
      // Version 1: a decode time of 64 bits.
      expect(segment.readUInt8(at + 4)).toBe(1)
      segment.writeBigUInt64BE(segment.readBigUInt64BE(at + 8) + 9600n, at + 8)
    }
    await writeFile(path, segment)
  }
  expect(await broken(folder)).toEqual(['HLS-23'])
})

it('a last segment of less than half a second is found', async () => {
  expect(await broken(await createPresentation(4.4))).toEqual(['HLS-24'])
})

it('what is known from elsewhere is compared: frames, audio, and the bytes of all files', async () => {
  const expected = { frames: 125, hasAudio: true, contents: {} }
  expect(await broken(right, { ...expected, contents: { '90p/list.m3u8': 'another' } })).toEqual(['HLS-22'])
  expect(await broken(right, { ...expected, frames: 126 })).toEqual(['HLS-19'])
  expect(await broken(right, { ...expected, hasAudio: false })).toEqual(['HLS-20'])
})

it('a rendition that is known from elsewhere may not be missing', async () => {
  const expected = { frames: 125, hasAudio: true, contents: { 'third/list.m3u8': 'any' } }
  expect(await broken(right, expected)).toEqual(['HLS-22'])
})

describe('several audio renditions', () => {
  it.each([
    ['the same name', 'NAME="Other"', 'NAME="Sound"'],
    ['no name', 'NAME="Other",', ''],
    ['two defaults', 'DEFAULT=NO', 'DEFAULT=YES'],
    ['a default that is not autoselected', 'DEFAULT=YES,AUTOSELECT=YES', 'DEFAULT=YES,AUTOSELECT=NO'],
    ['the same language and role', 'LANGUAGE="en"', 'LANGUAGE="de"'],
  ])('with %s are not a group to choose from', async (_, before, after) => {
    const folder = await copyOf(right)
    await edit(join(folder, 'master.m3u8'), (text) => text.replace(before, after))
    expect(await broken(folder)).toEqual(['HLS-25'])
  })

  it('must all be as long as the video', async () => {
    const folder = await copyOf(right)
    await edit(join(folder, 'other/list.m3u8'), (text) => text.replace(/#EXTINF:[\d.]+,\s2\.m4s\n/, ''))
    expect(await broken(folder)).toEqual(['HLS-20'])
  })

  it('are the same in all groups', async () => {
    const folder = await copyOf(right)
    const second = (text: string) =>
      [...text.matchAll(/#EXT-X-MEDIA:.*\n/g)]
        .map(([line]) => line.replace('GROUP-ID="sound"', 'GROUP-ID="5.1"'))
        .join('')
    await edit(join(folder, 'master.m3u8'), (text) =>
      text.replace('#EXT-X-STREAM-INF', `${second(text)}#EXT-X-STREAM-INF`),
    )
    expect(await broken(folder)).toEqual([])
    await edit(join(folder, 'master.m3u8'), (text) => text.replace(/#EXT-X-MEDIA:.*5\.1.*\n/, ''))
    expect(await broken(folder)).toEqual(['HLS-30'])
  })

  it('without video must all have the same length, and that of the source', async () => {
    const folder = await copyOf(right)
    const bits = await bitsPerSecond(join(folder, 'sound'))
    const media = (text: string) => text.match(/#EXT-X-MEDIA:.*\n/g)?.join('')
    const variant = `#EXT-X-STREAM-INF:BANDWIDTH=${3 * bits},AVERAGE-BANDWIDTH=${bits},CODECS="mp4a.40.2",AUDIO="sound"`
    await edit(
      join(folder, 'master.m3u8'),
      (text) => `#EXTM3U\n#EXT-X-VERSION:7\n${media(text)}${variant}\nsound/list.m3u8\n`,
    )
    expect(await broken(folder)).toEqual([])
    expect(await broken(folder, { frames: 125, hasAudio: true, contents: {} })).toEqual(['HLS-29'])
    await edit(join(folder, 'other/list.m3u8'), (text) => text.replace(/#EXTINF:[\d.]+,\s2\.m4s\n/, ''))
    expect(await broken(folder)).toEqual(['HLS-29'])
  })

  it('of which one is a variant of its own need no more than the largest of them', async () => {
    const folder = await copyOf(right)
    const bits = (await bitsPerSecond(join(folder, 'sound'))) + 1000
    const variant = `#EXT-X-STREAM-INF:BANDWIDTH=${2 * bits},AVERAGE-BANDWIDTH=${bits},CODECS="mp4a.40.2",AUDIO="sound"`
    await edit(join(folder, 'master.m3u8'), (text) => `${text}${variant}\nsound/list.m3u8\n`)
    expect(await broken(folder)).toEqual([])
  })
})

it.each([
  ['a text', 'hello'],
  ['an empty list', '#EXTM3U\n'],
  ['bytes that are no text', '#EXTM3U\n#EXT-X-TARGETDURATION:1\n\xff'],
])('%s is not taken for a playlist', async (_, content) => {
  const folder = await copyOf(right)
  await writeFile(join(folder, 'master.m3u8'), content, 'latin1')
  await expect(broken(folder)).rejects.toThrow(NotAPlaylist)
})
