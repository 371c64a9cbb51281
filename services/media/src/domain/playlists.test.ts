import { expect, test } from 'vitest'
import { someFacts } from '../../test/support/results.ts'
import type { StoredAudioTrack } from '../db/stored.ts'
import { planVideo } from './plan.ts'
import { renderPlaylists } from './playlists.ts'
import type { Presentation, Segment } from './presentation.ts'

function segments(folder: string, all: [bytes: number, seconds: number][]): Segment[] {
  return all.map(([bytes, seconds], index) => ({ uri: `${folder}/${index}.m4s`, bytes, seconds }))
}

function someTrack(more: Partial<StoredAudioTrack> = {}): StoredAudioTrack {
  return {
    ...{ id: '1', language: null, name: 'Audio', default: true, channels: 2, audioDescription: false, hidden: false },
    ...{ status: 'ready', additional: false, ...more },
  }
}

/** In a segment of three groups of pictures: offset and length. */
const KEY_FRAMES: [number, number][] = [
  [76, 3000],
  [50_076, 6000],
  [100_076, 4000],
]

/** 15.5 seconds of NTSC video, 426×240 only. */
function presentation(complete: boolean): Presentation {
  const frameRate = { num: 30_000, den: 1001 }
  const planned = planVideo(someFacts(15.5, { width: 426, height: 240, frameRate, frameCount: 465 }), 1080)
  const plan = { ...planned, cuts: [0, 180, 360] }
  const [rung] = plan.rungs
  if (!rung) throw new Error('no rung')
  const full = plan.segmentSeconds
  const rest = (465 - 360) * (1001 / 30_000)
  const video: [number, number][] = [
    [150_000, full],
    [225_000, full],
    [60_000, rest],
  ]
  const audio: [number, number][] = [
    [96_000, 6.016],
    [96_000, 5.994667],
    [56_000, 3.5],
  ]
  const shown = complete ? 3 : 2
  return {
    plan,
    complete,
    subtitles: [],
    video: [
      {
        rung,
        codecs: 'avc1.64000d',
        initUri: 't1-1/240p/init.mp4',
        initBytes: 800,
        segments: segments('t1-1/240p', video.slice(0, shown)).map((segment, index) => ({
          ...segment,
          keyFrames: index < 2 ? KEY_FRAMES : KEY_FRAMES.slice(0, 2),
        })),
      },
    ],
    audio: [
      {
        shown: someTrack(),
        codecs: 'mp4a.40.2',
        channels: 2,
        initUri: 't2-1/init.mp4',
        initBytes: 700,
        segments: segments('t2-1', audio.slice(0, shown)),
      },
    ],
  }
}

test('a complete presentation, byte for byte', () => {
  const files = Object.fromEntries(renderPlaylists(presentation(true)).map(({ name, content }) => [name, content]))
  expect(files['master.m3u8']).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=427815,AVERAGE-BANDWIDTH=352204,CODECS="avc1.64000d,mp4a.40.2",RESOLUTION=426x240,FRAME-RATE=29.970,AUDIO="audio"
240p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=128114,AVERAGE-BANDWIDTH=127912,CODECS="mp4a.40.2",AUDIO="audio"
audio.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=31969,AVERAGE-BANDWIDTH=18047,CODECS="avc1.64000d",RESOLUTION=426x240,URI="240p-iframes.m3u8"
`)
  expect(files['240p.m3u8']).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="t1-1/240p/init.mp4"
#EXTINF:6.006000,
t1-1/240p/0.m4s
#EXTINF:6.006000,
t1-1/240p/1.m4s
#EXTINF:3.503500,
t1-1/240p/2.m4s
#EXT-X-ENDLIST
`)
  expect(files['240p-iframes.m3u8']).toBe(`#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="t1-1/240p/init.mp4"
#EXTINF:2.002000,
#EXT-X-BYTERANGE:3000@76
t1-1/240p/0.m4s
#EXTINF:2.002000,
#EXT-X-BYTERANGE:6000@50076
t1-1/240p/0.m4s
#EXTINF:2.002000,
#EXT-X-BYTERANGE:4000@100076
t1-1/240p/0.m4s
#EXTINF:2.002000,
#EXT-X-BYTERANGE:3000@76
t1-1/240p/1.m4s
#EXTINF:2.002000,
#EXT-X-BYTERANGE:6000@50076
t1-1/240p/1.m4s
#EXTINF:2.002000,
#EXT-X-BYTERANGE:4000@100076
t1-1/240p/1.m4s
#EXTINF:2.002000,
#EXT-X-BYTERANGE:3000@76
t1-1/240p/2.m4s
#EXTINF:1.501500,
#EXT-X-BYTERANGE:6000@50076
t1-1/240p/2.m4s
#EXT-X-ENDLIST
`)
  expect(files['audio.m3u8']).toContain('#EXTINF:5.994667,\nt2-1/1.m4s\n')
})

test('while it grows it may be longer next time, and promises no less bandwidth than it will need', () => {
  const files = renderPlaylists(presentation(false))
  const [video, , master] = files.map((file) => file.content)
  expect(video).toContain('#EXT-X-PLAYLIST-TYPE:EVENT')
  expect(video).not.toContain('ENDLIST')
  expect(bandwidth(master)).toBeGreaterThanOrEqual(bandwidth(renderPlaylists(presentation(true)).at(-1)?.content))
})

test('key frames are offered when everything is complete, and not where some are not known', () => {
  const names = (shown: Presentation) => renderPlaylists(shown).map(({ name }) => name)
  expect(names(presentation(false))).not.toContain('240p-iframes.m3u8')
  const whole = presentation(true)
  const untold = whole.video.map((track) => ({
    ...track,
    segments: track.segments.map(({ keyFrames: _, ...rest }) => rest),
  }))
  expect(names(whole)).toContain('240p-iframes.m3u8')
  expect(names({ ...whole, video: untold })).not.toContain('240p-iframes.m3u8')
})

test('the master is written after all that it names', () => {
  const names = renderPlaylists(presentation(true)).map((file) => file.name)
  expect(names).toEqual(['240p.m3u8', 'audio.m3u8', '240p-iframes.m3u8', 'master.m3u8'])
})

test('several audio tracks are members of one group, each with its language and role', () => {
  const whole = presentation(true)
  const [first] = whole.audio
  if (!first) throw new Error('no audio')
  const track = (more: Partial<StoredAudioTrack>, bytes = 96_000) => ({
    ...first,
    shown: someTrack({ default: false, additional: true, ...more }),
    segments: first.segments.map((segment) => ({ ...segment, bytes })),
  })
  const audio = [
    track({ id: '1', language: 'en', name: 'English' }, 100_000),
    { ...first, shown: someTrack({ id: '2', language: 'de', name: 'Deutsch' }) },
    track({ id: '3', language: 'en', name: 'English (audio description)', audioDescription: true }),
    track({ id: '4', language: 'en', name: 'Commentary' }),
  ]
  const files = renderPlaylists({ ...whole, audio })
  expect(files.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['audio-1.m3u8', 'audio.m3u8', 'audio-3.m3u8', 'audio-4.m3u8']),
  )
  const lines = files.at(-1)?.content.split('\n') ?? []
  const group = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",'
  expect(lines.filter((line) => line.startsWith(group)).map((line) => line.slice(group.length))).toEqual([
    'NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="audio-1.m3u8"',
    'NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio.m3u8"',
    'NAME="English (audio description)",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHARACTERISTICS="public.accessibility.describes-video",CHANNELS="2",URI="audio-3.m3u8"',
    'NAME="Commentary",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=NO,CHANNELS="2",URI="audio-4.m3u8"',
  ])
  // The audio-only variant is the default track; it needs what the largest member of the group needs.
  const at = lines.indexOf('audio.m3u8')
  expect(lines[at - 1]).toContain(`#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth(lines[at - 1])},`)
  expect(bandwidth(lines[at - 1])).toBeGreaterThan(Math.floor((100_000 * 8) / 6.02))
  expect(lines.filter((line) => line.includes('CODECS="avc1.64000d,mp4a.40.2"'))).toHaveLength(1)
})

test('without sound no audio group is announced', () => {
  const master = renderPlaylists({ ...presentation(true), audio: [] }).at(-1)?.content
  expect(master).not.toContain('AUDIO')
  expect(master).toContain('CODECS="avc1.64000d",')
})

test('a video of one frame has a target duration of one second', () => {
  const plan = { ...presentation(true).plan, frameCount: 1, cuts: [0], hasAudio: false }
  const one = { ...presentation(true), plan, audio: [] }
  expect(renderPlaylists(one)[0]?.content).toContain('#EXT-X-TARGETDURATION:1\n')
})

function bandwidth(master: string | undefined): number {
  return Number(/[:,]BANDWIDTH=(\d+)/.exec(master ?? '')?.[1])
}
