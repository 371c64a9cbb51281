import { describe, expect, it } from 'vitest'
import { placeWatermark } from './watermark-placement.ts'

const FRAME = { width: 1920, height: 1080 }
const LOGO = { width: 300, height: 100 }

describe('a watermark', () => {
  it.each([
    ['top-left', 32, 32],
    ['top-right', 1588, 32],
    ['bottom-left', 32, 948],
    ['bottom-right', 1588, 948],
    ['center', 810, 490],
  ] as const)('at %s keeps its proportions and its distance from the edge', (position, left, top) => {
    expect(placeWatermark(LOGO, FRAME, { position, opacity: 1, width: 15.6 })).toEqual({
      width: 300,
      height: 100,
      left,
      top,
    })
  })

  it('is as much smaller in a smaller rendition', () => {
    const place = placeWatermark(
      LOGO,
      { width: 426, height: 240 },
      { position: 'bottom-right', opacity: 1, width: 15.6 },
    )
    expect(place).toEqual({ width: 66, height: 22, left: 354, top: 212 })
  })

  it('that would be higher than the frame is as high as the frame allows', () => {
    const column = { width: 10, height: 1000 }
    const place = placeWatermark(column, FRAME, { position: 'top-left', opacity: 1, width: 50 })
    expect(place).toEqual({ width: 10, height: 1016, left: 32, top: 32 })
  })

  it.each(['top-left', 'bottom-right', 'center'] as const)('at %s is inside the smallest of frames', (position) => {
    for (const image of [LOGO, { width: 1, height: 1024 }, { width: 1024, height: 1 }]) {
      const { width, height, left, top } = placeWatermark(
        image,
        { width: 32, height: 18 },
        { position, opacity: 1, width: 50 },
      )
      expect(Math.min(width, height)).toBeGreaterThan(0)
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0)
      expect(left + width).toBeLessThanOrEqual(32)
      expect(top + height).toBeLessThanOrEqual(18)
    }
  })
})
