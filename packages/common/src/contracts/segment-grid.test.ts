import { expect, test } from 'vitest'
import { segmentGrid } from './segment-grid.ts'

test('the grid is as close to two seconds and six as whole frames allow', () => {
  expect(segmentGrid({ num: 30, den: 1 })).toEqual({ gopFrames: 60, segmentFrames: 180 })
  expect(segmentGrid({ num: 30_000, den: 1001 })).toEqual({ gopFrames: 60, segmentFrames: 180 })
  expect(segmentGrid({ num: 25, den: 2 })).toEqual({ gopFrames: 25, segmentFrames: 75 })
  expect(segmentGrid({ num: 1, den: 10 })).toEqual({ gopFrames: 1, segmentFrames: 3 })
})
