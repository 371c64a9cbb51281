import fc from 'fast-check'
import { expect, it } from 'vitest'
import { someFacts } from '../../test/support/results.ts'
import { planVideo } from './plan.ts'
import { planStoryboard } from './storyboard-plan.ts'

const gridOf = (seconds: number, video = {}) => planStoryboard(planVideo(someFacts(seconds, video), 1080))

it('has a picture of every key frame of a short video, on sprites no larger than it needs', () => {
  expect(gridOf(13)).toEqual({ interval: 2, count: 7, columns: 5, rows: 2, width: 320, height: 180 })
  expect(gridOf(1)).toMatchObject({ count: 1, columns: 1, rows: 1 })
})

it('takes its pictures from the beginnings of segments where a video is long', () => {
  expect(gridOf(3600)).toMatchObject({ interval: 12, count: 300, columns: 5, rows: 5 })
})

it('is as upright as the video, and never larger', () => {
  expect(gridOf(10, { width: 720, height: 1280 })).toMatchObject({ width: 180, height: 320 })
  expect(gridOf(10, { width: 160, height: 90 })).toMatchObject({ width: 160, height: 90 })
})

it('covers any video with a bounded number of pictures', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 43_200 }), (seconds) => {
      const { interval, count } = gridOf(seconds)
      expect(count).toBeLessThanOrEqual(300)
      expect(interval * count).toBeGreaterThanOrEqual(seconds)
      expect(interval * (count - 1)).toBeLessThan(seconds)
    }),
  )
})
