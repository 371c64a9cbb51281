import { expect, it } from 'vitest'
import { parseAttributes, parsePlaylist, tagValues } from './playlist.ts'

it('gives each address the tags right before it', () => {
  const playlist = parsePlaylist(
    '#EXTM3U\r\n#EXT-X-TARGETDURATION:6\r\n#EXTINF:6.0,\r\n0.m4s\r\n# note\r\n#EXTINF:2.5,\r\n1.m4s\r\n',
  )
  expect(playlist.entries.map(({ uri, tags }) => [uri, tags.get('#EXTINF')])).toEqual([
    ['0.m4s', '6.0,'],
    ['1.m4s', '2.5,'],
  ])
  expect(tagValues(playlist, '#EXT-X-TARGETDURATION')).toEqual(['6'])
})

it('reads attribute lists with commas inside quotes', () => {
  const attributes = parseAttributes('BANDWIDTH=1280000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360')
  expect(Object.fromEntries(attributes)).toEqual({
    BANDWIDTH: '1280000',
    CODECS: 'avc1.64001f,mp4a.40.2',
    RESOLUTION: '640x360',
  })
})

it('refuses what is no playlist', () => {
  expect(() => parsePlaylist('<html>')).toThrow(SyntaxError)
})
