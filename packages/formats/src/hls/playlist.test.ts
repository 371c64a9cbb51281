import { describe, expect, it } from 'vitest'
import { type MediaPlaylist, parsePlaylist } from './playlist.ts'
import { parseAttributes } from './tags.ts'

const media = (...lines: string[]) =>
  parsePlaylist(['#EXTM3U', '#EXT-X-TARGETDURATION:6', ...lines, ''].join('\n')) as MediaPlaylist

describe('a media playlist', () => {
  it('gives each segment the tags right before it, and the initialisation that holds until the next', () => {
    const { segments, ended } = media(
      ...['#EXT-X-MAP:URI="init.mp4"', '#EXTINF:6.0,', '0.m4s', '# note', '#EXTINF:2.5,a title', '1.m4s'],
      ...['#EXT-X-DISCONTINUITY', '#EXT-X-MAP:URI="b.mp4"', '#EXTINF:6,', '2.m4s', '#EXT-X-ENDLIST'],
    )
    const seen = segments.map(({ uri, extinf, map, discontinuity }) => [uri, extinf, map?.uri, discontinuity])
    expect(seen).toEqual([
      ['0.m4s', 6, 'init.mp4', false],
      ['1.m4s', 2.5, 'init.mp4', false],
      ['2.m4s', 6, 'b.mp4', true],
    ])
    expect(ended).toBe(true)
  })

  it('may cut its segments out of one file', () => {
    const { segments } = media(
      ...['#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@0"', '#EXT-X-BYTERANGE:1000@700', '#EXTINF:6,', 'all.mp4'],
      ...['#EXT-X-BYTERANGE:500', '#EXTINF:6,', 'all.mp4'],
    )
    expect(segments[0]?.map?.range).toEqual({ start: 0, end: 700 })
    expect(segments.map(({ range }) => range)).toEqual([
      { start: 700, end: 1700 },
      { start: 1700, end: 2200 },
    ])
  })
})

it('recognises a master playlist by its variants', () => {
  const playlist = parsePlaylist('#EXTM3U\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\nlow.m3u8\r\n')
  expect(playlist).toMatchObject({ kind: 'master', variants: [{ uri: 'low.m3u8' }] })
})

it('reads attribute lists with commas inside quotes', () => {
  const attributes = parseAttributes('BANDWIDTH=1280000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360')
  expect(Object.fromEntries(attributes)).toEqual({
    BANDWIDTH: '1280000',
    CODECS: 'avc1.64001f,mp4a.40.2',
    RESOLUTION: '640x360',
  })
})

it.each([
  ['a page', '<html>'],
  ['a list of neither kind', '#EXTM3U\n0.m4s'],
  ['a segment without length', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n0.m4s'],
  ['a duration that is not a number', '#EXTM3U\n#EXT-X-TARGETDURATION:six\n#EXTINF:6,\n0.m4s'],
  ['a variant without description', '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO\nlow.m3u8'],
  ['an attribute twice', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,BANDWIDTH=2\nlow.m3u8'],
  ['a quote that does not end', '#EXTM3U\n#EXT-X-STREAM-INF:CODECS="avc1\nlow.m3u8'],
])('refuses %s', (_, text) => {
  expect(() => parsePlaylist(text)).toThrow(SyntaxError)
})
