import { digestOfContents } from '@kinora/hls-check'
import { expect, test } from 'vitest'
import type { StoredAudioTrack } from '../db/stored.ts'
import type { Presentation } from '../domain/presentation.ts'
import { contentDigests } from './passport.ts'

const plan = {
  ...{ gopFrames: 50, segmentFrames: 150, frameRate: { num: 25, den: 1 }, frameCount: 300, segmentSeconds: 6 },
  ...{ hasAudio: true, rungs: [] },
}
const shown: StoredAudioTrack = {
  ...{ id: '1', language: null, name: 'Audio', default: true, channels: 2, audioDescription: false, hidden: false },
  ...{ status: 'ready', additional: false },
}
const rung = { name: '240p', width: 426, height: 240, maxrate: 300 }

function presentation(last: string | undefined): Presentation {
  const segment = (sha256: string | undefined) => ({ uri: 'x.m4s', bytes: 1, seconds: 6, sha256 })
  const track = { codecs: 'avc1.64000d', initUri: 'init.mp4', initBytes: 1, initSha256: 'i' }
  return {
    ...{ plan, complete: true, subtitles: [] },
    video: [{ ...track, rung, segments: [segment('a'), segment(last)] }],
    audio: [{ ...track, shown, channels: 2, segments: [segment('c')] }],
  }
}

test('what a rendition must hold is one digest of its initialisation and segments', () => {
  expect(contentDigests(presentation('b'))).toEqual({
    '240p.m3u8': digestOfContents(['i', 'a', 'b']),
    'audio.m3u8': digestOfContents(['i', 'c']),
  })
})

test('nothing is demanded of a rendition of which a worker told no hash', () => {
  expect(Object.keys(contentDigests(presentation(undefined)))).toEqual(['audio.m3u8'])
})
