import { regularCuts, type SourceFacts } from '@kinora/common/contracts'
import { expect, test } from 'vitest'
import { clippedFacts } from './clip.ts'
import { remuxRung } from './ladder.ts'
import { planSourceVideo, planTasks, planVideo } from './plan.ts'
import { renderPlaylists } from './playlists.ts'

const FITS = { copyable: { peakBitrate: 16_000_000 } }

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

test('the largest rendition is copied from a source of its size, up to five times the cap', () => {
  expect(copiedOf(factsOf(FITS))).toBe('720p')
  expect(copiedOf(factsOf({ ...FITS, width: 720, height: 1280 }))).toBe('720p')
  expect(copiedOf(factsOf({ copyable: { peakBitrate: 16_000_001 } }))).toBeUndefined()
})

test('a source that cannot be cut, is larger than is wanted, or of odd sides, is encoded; and so is every clip', () => {
  expect(copiedOf(factsOf())).toBeUndefined()
  expect(copiedOf(factsOf(FITS), 480)).toBeUndefined()
  expect(copiedOf(factsOf({ ...FITS, width: 1281 }))).toBeUndefined()
  expect(copiedOf(clippedFacts(factsOf(FITS), { startFrame: 0, frameCount: 60 }))).toBeUndefined()
})

const SETTINGS = { maxShortSide: 1080, watermark: undefined, remux: true }

function planned(facts: SourceFacts, cuts: number[]) {
  const { plan, remux } = planSourceVideo(facts, cuts, SETTINGS)
  return planTasks(plan, facts, 'source', 'videos/x', remux)
}

function labels(facts: SourceFacts, cuts = regularCuts(facts.video.frameCount, facts.video.frameRate)): string[] {
  return planned(facts, cuts).map(({ ordinal, queue, label }) => `${ordinal} ${queue} ${label}`)
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

test('all renditions are cut at key frames of the source, the encoded ones once more at their beginning', () => {
  const cuts = [0, 250, 500, 750, 1000, 1250, 1500, 1750, 2000, 2250, 2500]
  const chunks = planned(factsOf(FITS), cuts).flatMap(({ work }) => (work.kind === 'video' ? [work.chunk] : []))
  expect(chunks).toEqual([
    { startFrame: 0, frameCount: 500, firstSegment: 0, cuts: [0, 62, 125, 187, 250] },
    { startFrame: 0, frameCount: 1250, firstSegment: 0, cuts: [0, 62, 125, 187, 250, 500, 750, 1000] },
    { startFrame: 1250, frameCount: 1450, firstSegment: 8, cuts: [0, 250, 500, 750, 1000, 1250] },
    { startFrame: 0, frameCount: 2700, firstSegment: 0, cuts },
  ])
})

test('HEVC is copied beside all renditions of H.264, after them, by a task that the video does not need', () => {
  const hevc = { codec: 'hevc', copyableHevc: FITS.copyable }
  expect(labels(factsOf(hevc))).toEqual([
    '1 short video 0-12 s 240p',
    '2 short poster',
    '3 long video 0-42 s 240p 360p 540p 720p',
    '4 long video 42-90 s 240p 360p 540p 720p',
    '5 short finalise',
    '6 short storyboard',
    '390000 short video 0-90 s 720p-hevc copied',
  ])
  const facts = factsOf(hevc)
  const { plan } = planSourceVideo(facts, regularCuts(2700, facts.video.frameRate), SETTINGS)
  expect(plan.hevc).toEqual({ ...plan.rungs.at(-1), name: '720p-hevc' })
})

test('HEVC that is larger than the largest rendition, or above five times its cap, is encoded only', () => {
  const isCopied = (video: Partial<SourceFacts['video']>) =>
    labels(factsOf(video)).some((label) => label.endsWith('copied'))
  expect(isCopied({ copyableHevc: { peakBitrate: 16_000_001 } })).toBe(false)
  expect(isCopied({ copyableHevc: FITS.copyable, width: 2560, height: 1440 })).toBe(false)
  expect(isCopied({ copyableHevc: { ...FITS.copyable, part: true } })).toBe(false)
})

test('the target duration covers the longest segment of a remux', () => {
  const target = (cuts: number[]) => {
    const { plan } = planSourceVideo(factsOf(FITS), cuts, SETTINGS)
    const video = plan.rungs.map((rung) => ({ rung, codecs: '', initUri: '', initBytes: 1, segments: [] }))
    const [first] = renderPlaylists({ plan, complete: false, video, audio: [], subtitles: [] })
    return /TARGETDURATION:(\d+)/.exec(first?.content ?? '')?.[1]
  }
  const every = (frames: number) => Array.from({ length: Math.ceil(2700 / frames) }, (_, index) => index * frames)
  expect(target(every(250))).toBe('8')
  expect(target(every(180))).toBe('6')
  expect(target([0, 310, ...every(180).slice(2)])).toBe('10')
})

test('where there is only one rendition, copying it makes the video playable', () => {
  expect(labels(factsOf({ copyable: { peakBitrate: 1000 }, width: 320, height: 180 }, 3600)).slice(0, 2)).toEqual([
    '1 short video 0-3600 s 180p copied',
    '2 short poster',
  ])
})

test('of a clip of a few seconds the smallest rendition is made before all others', () => {
  expect(labels(factsOf({}, 3))).toEqual([
    '1 short video 0-3 s 240p',
    '2 short poster',
    '3 long video 0-3 s 360p 540p 720p',
    '4 short finalise',
    '5 short storyboard',
  ])
})
