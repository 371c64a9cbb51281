import type { SourceFacts } from '@kinora/common/contracts'
import { expect, test } from 'vitest'
import { clippedFacts } from './clip.ts'
import { remuxRung } from './ladder.ts'
import { planTasks, planVideo } from './plan.ts'

const FITS = { copyable: { peakBitrate: 4_266_667 } }

function factsOf(video: Partial<SourceFacts['video']> = {}, seconds = 90): SourceFacts {
  return {
    ...{ container: 'mov,mp4', durationSeconds: seconds, audio: null },
    video: {
      ...{ streamIndex: 0, codec: 'h264', pixelFormat: 'yuv420p', width: 1280, height: 720, resample: false },
      ...{ frameRate: { num: 30, den: 1 }, frameCount: seconds * 30, interlaced: false, hdr: false, startTime: 0 },
      ...video,
    },
  }
}

function copiedOf(facts: SourceFacts, largest = 1080): string | undefined {
  return remuxRung(facts, planVideo(facts, largest).rungs)?.name
}

test('the largest rendition is copied from a source of its size, up to the segments that a growing video announces', () => {
  expect(copiedOf(factsOf(FITS))).toBe('720p')
  expect(copiedOf(factsOf({ ...FITS, width: 720, height: 1280 }))).toBe('720p')
  expect(copiedOf(factsOf({ copyable: { peakBitrate: 4_266_668 } }))).toBeUndefined()
})

test('a source that cannot be cut, is larger than is wanted, or of odd sides, is encoded; and so is every clip', () => {
  expect(copiedOf(factsOf())).toBeUndefined()
  expect(copiedOf(factsOf(FITS), 480)).toBeUndefined()
  expect(copiedOf(factsOf({ ...FITS, width: 1281 }))).toBeUndefined()
  expect(copiedOf(clippedFacts(factsOf(FITS), { startFrame: 0, frameCount: 60 }))).toBeUndefined()
})

function labels(facts: SourceFacts): string[] {
  const plan = planVideo(facts, 1080)
  return planTasks(plan, facts, 'source', 'videos/x', remuxRung(facts, plan.rungs)).map(
    ({ ordinal, queue, label }) => `${ordinal} ${queue} ${label}`,
  )
}

test('one task copies the largest rendition, and the others are encoded as ever', () => {
  expect(labels(factsOf(FITS))).toEqual([
    '1 short video 0-12 s 240p',
    '2 short poster',
    '3 long video 0-42 s 240p 360p 540p',
    '4 long video 42-90 s 240p 360p 540p',
    '5 short video 0-90 s 720p copied',
    '6 short finalise',
    '7 short storyboard',
  ])
})

test('where there is only one rendition, copying it makes the video playable', () => {
  expect(labels(factsOf({ copyable: { peakBitrate: 1000 }, width: 320, height: 180 }, 3600)).slice(0, 2)).toEqual([
    '1 short video 0-3600 s 180p copied',
    '2 short poster',
  ])
})
