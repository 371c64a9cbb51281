import { describe, expect, it } from 'vitest'
import { someFacts } from '../../test/support/results.ts'
import { clippedFacts, rangeOfClip } from './clip.ts'

const NTSC = { num: 30_000, den: 1001 }
const facts = someFacts(10, { frameRate: NTSC, frameCount: 300, startTime: 1.4 })
const whole = { facts, clip: null }

describe('a clip', () => {
  it('has the frames nearest to its start and end', () => {
    expect(rangeOfClip(whole, { start: 1, end: 2 })).toEqual({ startFrame: 30, frameCount: 30 })
    expect(rangeOfClip(whole, { start: 0, end: 0.02 })).toEqual({ startFrame: 0, frameCount: 1 })
  })

  it('may end where the video says that it ends', () => {
    expect(rangeOfClip(whole, { start: 9, end: 10.01 })).toEqual({ startFrame: 270, frameCount: 30 })
  })

  it.each([
    ['that ends behind the video', { start: 1, end: 10.1 }],
    ['that ends before it begins', { start: 2, end: 1 }],
    ['without a frame', { start: 1, end: 1.01 }],
    ['that begins behind the video', { start: 11, end: 12 }],
  ])('%s is refused', (_, range) => {
    expect(() => rangeOfClip(whole, range)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }))
  })

  it('is known by its frames in the source, also as a clip of a clip', () => {
    const clip = rangeOfClip(whole, { start: 2.002, end: 8 })
    const inner = rangeOfClip({ facts: clippedFacts(facts, clip), clip }, { start: 1.001, end: 2.002 })
    expect(inner).toEqual({ startFrame: 90, frameCount: 30 })
    const { video, durationSeconds } = clippedFacts(facts, inner)
    expect(video).toMatchObject({ frameCount: 30, clipped: true })
    expect(video.startTime).toBeCloseTo(1.4 + 3.003, 9)
    expect(durationSeconds).toBeCloseTo(1.001, 9)
  })
})
