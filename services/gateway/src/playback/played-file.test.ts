import { describe, expect, it } from 'vitest'
import { limitHeight, playedFile, withSharedUris } from './played-file.ts'

const TASK = '0190f3c2-7d4e-7a51-9c6b-2f4d1e8a9b0c-3'

describe('playedFile', () => {
  it.each([
    ['master.m3u8', { kind: 'master' }],
    ['720p.m3u8', { kind: 'playlist', height: 720 }],
    ['audio.m3u8', { kind: 'playlist', height: null }],
    ['1080p-iframes.m3u8', { kind: 'playlist', height: 1080 }],
    ['1080p-hevc.m3u8', { kind: 'playlist', height: 1080 }],
    [`${TASK}/720p/12.m4s`, { kind: 'segment', contentType: 'video/mp4', height: 720 }],
    [`${TASK}/720p/init.mp4`, { kind: 'segment', contentType: 'video/mp4', height: 720 }],
    [`${TASK}/1.m4s`, { kind: 'segment', contentType: 'video/mp4', height: null }],
    [`captions-${TASK.slice(0, -2)}.m3u8`, { kind: 'playlist', height: null }],
    [`captions-${TASK.slice(0, -2)}.vtt`, { kind: 'segment', contentType: 'text/vtt; charset=utf-8' }],
    [`${TASK}/init.mp4`, { kind: 'segment', contentType: 'video/mp4', height: null }],
    [`${TASK}/sprite-0.jpg`, { kind: 'segment', contentType: 'image/jpeg' }],
  ])('accepts %s', (path, expected) => {
    expect(playedFile(path)).toMatchObject(expected)
  })

  it.each([
    '',
    '.m3u8',
    'a/b.m3u8',
    'captions-en.vtt',
    '../master.m3u8',
    `${TASK}/../1.m4s`,
    `${TASK}/720p/../1.m4s`,
    `${TASK}/720p/x/1.m4s`,
    `${TASK}/720p/1.m4s\n`,
    `${TASK}/720p/1.m4s\0`,
    `${TASK}/720p/.1.m4s`,
    `${TASK.toUpperCase()}/720p/1.m4s`,
    `${TASK}/720p/1.mkv`,
    `${TASK}/download.mp4`,
    `${TASK}/poster.jpg`,
    `${TASK}/poster-full.webp`,
    `${TASK}/720p/720p.mp4`,
    `${TASK}/large/1.m4s`,
    '0190f3c2-7d4e-7a51-9c6b-2f4d1e8a9b0c/1.m4s',
  ])('refuses %j', (path) => {
    expect(playedFile(path)).toBeNull()
  })
})

const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,RESOLUTION=360x640,AUDIO="a"
360p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=1080x1920,AUDIO="a"
1080p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2",AUDIO="a"
audio.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,RESOLUTION=360x640,URI="360p-iframes.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=2,RESOLUTION=1080x1920,URI="1080p-iframes.m3u8"
`

describe('limitHeight', () => {
  it('removes variants with a longer short side, and their URIs', () => {
    expect(limitHeight(MASTER, 720)).toBe(`#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,RESOLUTION=360x640,AUDIO="a"
360p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2",AUDIO="a"
audio.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,RESOLUTION=360x640,URI="360p-iframes.m3u8"
`)
  })

  it('keeps everything that fits', () => {
    expect(limitHeight(MASTER, 1080)).toBe(MASTER)
  })

  it('keeps a master of audio alone, which has no height', () => {
    const audio = `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2",AUDIO="a"\naudio.m3u8\n`
    expect(limitHeight(audio, 100)).toBe(audio)
  })

  it('returns null if only audio is left', () => {
    expect(limitHeight(MASTER, 200)).toBeNull()
  })
})

describe('withSharedUris', () => {
  it('names everything that a media playlist leads to below the shared folder', () => {
    const captions = `captions-${TASK.slice(0, -2)}.vtt`
    const playlist = (folder: string) => `#EXTM3U
#EXT-X-MAP:URI="${folder}${TASK}/720p/init.mp4",BYTERANGE="720@0"
#EXTINF:6.000000,
${folder}${TASK}/720p/0.m4s
#EXT-X-BYTERANGE:100@20
${folder}${TASK}/1.m4s
${folder}${captions}
#EXT-X-ENDLIST
`
    expect(withSharedUris(playlist(''), '/v/shared')).toBe(playlist('/v/shared/'))
  })

  it('leaves alone what is not delivered there', () => {
    const playlist = `#EXTM3U\n#EXT-X-MAP:URI="https://elsewhere.test/init.mp4"\n720p.m3u8\n${TASK}/poster.jpg\n`
    expect(withSharedUris(playlist, '/v/shared')).toBe(playlist)
  })
})
