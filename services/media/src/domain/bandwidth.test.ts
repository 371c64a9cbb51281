import { expect, test } from 'vitest'
import { averageBitrate, peakBitrate } from './bandwidth.ts'

test('the peak is the largest rate of a run of about a target duration', () => {
  const segments = [
    { bytes: 75_000, seconds: 6 },
    { bytes: 150_000, seconds: 6 },
    { bytes: 75_000, seconds: 6 },
  ]
  expect(peakBitrate(segments, 6)).toBe(200_000)
  expect(averageBitrate(segments)).toBe(133_334)
})

test('a last segment of one key frame is not a peak of its own', () => {
  const segments = [
    { bytes: 75_000, seconds: 6 },
    { bytes: 20_000, seconds: 0.04 },
  ]
  expect(peakBitrate(segments, 6)).toBe(averageBitrate(segments))
})

test('a video shorter than half a segment has its average for a peak', () => {
  expect(peakBitrate([{ bytes: 1000, seconds: 1 }], 6)).toBe(8000)
  expect(peakBitrate([], 6)).toBe(0)
})
