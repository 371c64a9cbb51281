import { type CutRange, regularCuts, segmentGrid } from '@kinora/common/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkPlan, headSegments } from './chunk-plan.ts'

const RATE = { num: 30, den: 1 }

function video(frameCount: number, frameRate = RATE): CutRange {
  return { ...segmentGrid(frameRate), frameRate, frameCount, cuts: regularCuts(frameCount, frameRate) }
}

function sizes(seconds: number): number[] {
  return chunkPlan(video(seconds * 30)).map((chunk) => chunk.frameCount / 30)
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

test('the first seconds are made apart, fewer of a short video, and all of a clip of a few', () => {
  const head = (seconds: number) => headSegments(video(Math.round(seconds * 30)))
  expect([1, 2, 5, 6, 7, 60, 61, 3600].map(head)).toEqual([1, 1, 3, 3, 3, 3, 4, 4])
})

test('a video that is cut at key frames of its source begins with as much', () => {
  const head = (cuts: number[]) => headSegments({ ...video(3600), cuts })
  expect(head([0, 300, 600, 900])).toBe(2)
  expect(head([0, 120, 240, 360, 540])).toBe(3)
  expect(headSegments({ ...video(900), cuts: [0, 250, 500, 750] })).toBe(1)
})

test('chunks cover every frame once, on the cuts, whatever the length and the rate', () => {
  const rate = fc.record({ num: fc.integer({ min: 1, max: 60_000 }), den: fc.constantFrom(1, 1000, 1001) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), rate, (frameCount, frameRate) => {
      const { cuts = [], ...whole } = video(frameCount, frameRate)
      const chunks = chunkPlan({ ...whole, cuts })
      const ends = chunks.map((chunk) => chunk.startFrame + chunk.frameCount)
      expect(chunks.every((chunk) => chunk.frameCount > 0)).toBe(true)
      expect(chunks.flatMap(({ startFrame, cuts: own = [] }) => own.map((cut) => startFrame + cut))).toEqual(cuts)
      expect(chunks.map((chunk) => chunk.startFrame)).toEqual([0, ...ends.slice(0, -1)])
      expect(ends.at(-1)).toBe(frameCount)
    }),
  )
})
