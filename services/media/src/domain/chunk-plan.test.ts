import { segmentGrid } from '@kinora/common/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkPlan, headSegments } from './chunk-plan.ts'

const RATE = { num: 30, den: 1 }
const GRID = { ...segmentGrid(RATE), frameRate: RATE }

function sizes(seconds: number): number[] {
  return chunkPlan(seconds * 30, GRID).map((chunk) => chunk.frameCount / 30)
}

test('a clip of up to a minute is not cut', () => {
  expect(sizes(1 / 30)).toEqual([1 / 30])
  expect(sizes(30)).toEqual([30])
  expect(sizes(60)).toEqual([60])
})

test('a long video is cut evenly into chunks of about a minute, without a small tail', () => {
  expect(sizes(300)).toEqual([60, 60, 60, 60, 60])
  expect(sizes(91)).toEqual([48, 43])
})

test('the first seconds are made apart, fewer of a short clip, and none of one that is a single segment', () => {
  const head = (seconds: number) => headSegments(Math.round(seconds * 30), GRID)
  expect([5, 6, 6.4, 7, 60, 60.4, 61, 3600].map(head)).toEqual([0, 0, 0, 1, 1, 1, 2, 2])
})

test('chunks cover every frame once, on the grid, whatever the length and the rate', () => {
  const rate = fc.record({ num: fc.integer({ min: 1, max: 60_000 }), den: fc.constantFrom(1, 1000, 1001) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), rate, (frameCount, frameRate) => {
      const grid = { ...segmentGrid(frameRate), frameRate }
      const chunks = chunkPlan(frameCount, grid)
      const onGrid = chunks.every((chunk) => chunk.firstSegment * grid.segmentFrames === chunk.startFrame)
      const ends = chunks.map((chunk) => chunk.startFrame + chunk.frameCount)
      expect(onGrid && chunks.every((chunk) => chunk.frameCount > 0)).toBe(true)
      expect(chunks.map((chunk) => chunk.startFrame)).toEqual([0, ...ends.slice(0, -1)])
      expect(ends.at(-1)).toBe(frameCount)
    }),
  )
})
