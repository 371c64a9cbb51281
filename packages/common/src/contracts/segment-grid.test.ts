import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  cutsAt,
  framesOfSegment,
  keyFramesOfSegment,
  regularCuts,
  segmentCount,
  segmentGrid,
  withShortStart,
} from './segment-grid.ts'

const RATE = { num: 30, den: 1 }

test('the grid is as close to two seconds and six as whole frames allow', () => {
  expect(segmentGrid({ num: 30, den: 1 })).toEqual({ gopFrames: 60, segmentFrames: 180 })
  expect(segmentGrid({ num: 30_000, den: 1001 })).toEqual({ gopFrames: 60, segmentFrames: 180 })
  expect(segmentGrid({ num: 25, den: 2 })).toEqual({ gopFrames: 25, segmentFrames: 75 })
  expect(segmentGrid({ num: 1, den: 10 })).toEqual({ gopFrames: 1, segmentFrames: 3 })
})

test('the first three segments are one group of pictures each, all others are as long as before', () => {
  expect(regularCuts(600, RATE)).toEqual([0, 60, 120, 180, 360, 540])
  expect(regularCuts(180, RATE)).toEqual([0, 60, 120])
  expect(regularCuts(60, RATE)).toEqual([0])
  expect(regularCuts(1, RATE)).toEqual([0])
  // A tail of less than half a second.
  expect(regularCuts(70, RATE)).toEqual([0])
  expect(regularCuts(190, RATE)).toEqual([0, 60, 120])
})

test('no last segment is shorter than half a second, unless it is the only one', () => {
  const rate = fc.record({ num: fc.integer({ min: 5000, max: 60_000 }), den: fc.constantFrom(1000, 1001) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), rate, fc.boolean(), (frameCount, frameRate, isEarlier) => {
      const { segmentFrames } = segmentGrid(frameRate)
      const cuts = isEarlier ? undefined : regularCuts(frameCount, frameRate)
      const range = { frameCount, frameRate, segmentFrames, cuts }
      const frames = Array.from({ length: segmentCount(range) }, (_, index) => framesOfSegment(index, range))
      const last = ((frames.at(-1) ?? 0) * frameRate.den) / frameRate.num
      expect(frames.reduce((sum, count) => sum + count, 0)).toBe(frameCount)
      expect(frames.slice(isEarlier ? 0 : 3, -1).every((count) => count === segmentFrames)).toBe(true)
      expect(frames.length === 1 || (last >= 0.5 && last < 6.6)).toBe(true)
    }),
  )
})

test('cuts are at key frames of the source that are about as far apart as usual', () => {
  const every = (frames: number, frameCount: number) => {
    return Array.from({ length: Math.ceil(frameCount / frames) }, (_, index) => index * frames)
  }
  // Groups of a second, of four, and of ten.
  expect(cutsAt(every(30, 600), 600, RATE)).toEqual([0, 60, 120, 180, 360, 540])
  expect(cutsAt(every(120, 600), 600, RATE)).toEqual([0, 120, 240, 360, 480])
  expect(cutsAt(every(300, 900), 900, RATE)).toEqual([0, 300, 600])
  // Changes of scene: a group of half a second is joined to its neighbour, unless both together are too long.
  expect(cutsAt([0, 15, 100, 400], 500, RATE)).toEqual([0, 100, 400])
  expect(cutsAt([0, 15, 320], 600, RATE)).toEqual([0, 15, 320])
  expect(cutsAt([0, 10, 340], 345, RATE)).toBeUndefined()
  expect(cutsAt([0], 315, RATE)).toEqual([0])
  expect(cutsAt([0], 316, RATE)).toBeUndefined()
})

test('long first segments of a source are short ones of its smaller renditions', () => {
  expect(withShortStart([0, 250, 500], 750, RATE)).toEqual([0, 62, 125, 187, 250, 500])
  expect(withShortStart([0, 60, 120, 180, 360], 500, RATE)).toEqual([0, 60, 120, 180, 360])
  expect(withShortStart([0], 40, RATE)).toEqual([0])
})

test('key frames of an encode are spread evenly over a segment', () => {
  expect(keyFramesOfSegment(180, 60)).toEqual([0, 60, 120])
  expect(keyFramesOfSegment(250, 60)).toEqual([0, 62, 125, 187])
  expect(keyFramesOfSegment(80, 60)).toEqual([0])
  expect(keyFramesOfSegment(1, 60)).toEqual([0])
})
