import fc from 'fast-check'
import { expect, test } from 'vitest'
import { framesOfSegment, segmentCount, segmentGrid } from './segment-grid.ts'

test('the grid is as close to two seconds and six as whole frames allow', () => {
  expect(segmentGrid({ num: 30, den: 1 })).toEqual({ gopFrames: 60, segmentFrames: 180 })
  expect(segmentGrid({ num: 30_000, den: 1001 })).toEqual({ gopFrames: 60, segmentFrames: 180 })
  expect(segmentGrid({ num: 25, den: 2 })).toEqual({ gopFrames: 25, segmentFrames: 75 })
  expect(segmentGrid({ num: 1, den: 10 })).toEqual({ gopFrames: 1, segmentFrames: 3 })
})

test('no last segment is shorter than half a second, unless it is the only one', () => {
  const rate = fc.record({ num: fc.integer({ min: 5000, max: 60_000 }), den: fc.constantFrom(1000, 1001) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), rate, (frameCount, frameRate) => {
      const range = { frameCount, frameRate, segmentFrames: segmentGrid(frameRate).segmentFrames }
      const frames = Array.from({ length: segmentCount(range) }, (_, index) => framesOfSegment(index, range))
      const last = ((frames.at(-1) ?? 0) * frameRate.den) / frameRate.num
      expect(frames.reduce((sum, count) => sum + count, 0)).toBe(frameCount)
      expect(frames.slice(0, -1).every((count) => count === range.segmentFrames)).toBe(true)
      expect(frames.length === 1 || (last >= 0.5 && last < 6.6)).toBe(true)
    }),
  )
})
