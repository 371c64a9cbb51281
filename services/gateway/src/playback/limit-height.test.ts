import { describe, expect, it } from 'vitest'
import { limitHeight } from './limit-height.ts'

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
  it('drops what is larger by its short side, with its address', () => {
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

  it('says when no picture fits, though there would be sound', () => {
    expect(limitHeight(MASTER, 200)).toBeNull()
  })
})
