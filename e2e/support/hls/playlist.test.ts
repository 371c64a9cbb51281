import { expect, test } from 'vitest'
import { parseAttributes } from './attribute-list.ts'
import { parseMaster, parseMediaPlaylist } from './playlist.ts'
import { assertSameMaster, assertSameMedia } from './second-oracle.ts'

test('an attribute list is read as RFC 8216 has it', () => {
  const list = 'BANDWIDTH=1280000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970'
  expect(parseAttributes(list)).toEqual({
    BANDWIDTH: '1280000',
    CODECS: 'avc1.64001f,mp4a.40.2',
    RESOLUTION: '640x360',
    'FRAME-RATE': '29.970',
  })
})

test.each([
  ['a blank after a comma', 'BANDWIDTH=1, AUDIO="a"'],
  ['the same name twice', 'BANDWIDTH=1,BANDWIDTH=2'],
  ['a text without quotes', 'CODECS=avc1.64001f'],
  ['a number in quotes', 'BANDWIDTH="1"'],
  ['a float where an integer belongs', 'BANDWIDTH=1.5'],
  ['a name that the RFC does not know', 'BITRATE=1'],
  ['a comma at the end', 'BANDWIDTH=1,'],
])('an attribute list with %s is refused', (_, list) => {
  expect(() => parseAttributes(list)).toThrow()
})

test.each([
  ['another first line', '#EXT-X-VERSION:7\n#EXTM3U\n'],
  ['no target duration', '#EXTM3U\n#EXTINF:6,\na.m4s\n'],
  ['a segment without a duration', '#EXTM3U\n#EXT-X-TARGETDURATION:6\na.m4s\n'],
  ['a duration without its comma', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6\na.m4s\n'],
  ['a tag of master playlists', '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-STREAM-INF:BANDWIDTH=1\n'],
])('a media playlist with %s is refused', (_, text) => {
  expect(() => parseMediaPlaylist(text)).toThrow()
})

test('a variant must be followed by its address', () => {
  expect(() => parseMaster('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-VERSION:7\na.m3u8\n')).toThrow()
})

const MASTER = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Audio",DEFAULT=YES,URI="a.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=8,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,AUDIO="a"
360p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=5,CODECS="mp4a.40.2",AUDIO="a"
a.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=7,CODECS="avc1.64001f",RESOLUTION=640x360,URI="360p-iframes.m3u8"
`
const MEDIA = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.002000,
#EXT-X-BYTERANGE:500@28
0.m4s
#EXTINF:1.960000,
#EXT-X-BYTERANGE:400@900
0.m4s
#EXT-X-ENDLIST
`

test('hls-parser reads what we read', () => {
  expect(parseMaster(MASTER).variants).toHaveLength(2)
  expect(parseMediaPlaylist(MEDIA).segments).toHaveLength(2)
})

test('another reading of hls-parser is an error', () => {
  const playlist = parseMediaPlaylist(MEDIA)
  expect(() => assertSameMedia(MEDIA, { ...playlist, targetDuration: 7 })).toThrow('hls-parser')
  const master = parseMaster(MASTER)
  expect(() => assertSameMaster(MASTER, { ...master, iFrames: [] })).toThrow('hls-parser')
})
