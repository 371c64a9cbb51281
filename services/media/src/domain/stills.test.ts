import { describe, expect, it } from 'vitest'
import { frameShownAt, stillWidth } from './stills.ts'

describe('the frame at a time', () => {
  const video = { frameRate: { num: 30_000, den: 1001 }, frameCount: 900 }
  const at = (frame: number) => (frame * 1001) / 30_000

  it('is the last one that begins then or before', () => {
    expect(frameShownAt(0, video)).toBe(0)
    expect(frameShownAt(at(1) - 0.001, video)).toBe(0)
    for (let frame = 0; frame < 900; frame += 1) {
      expect(frameShownAt(at(frame), video)).toBe(frame)
      // As players tell it.
      expect(frameShownAt(Number(at(frame).toFixed(6)), video)).toBe(frame)
      expect(frameShownAt(at(frame + 0.99), video)).toBe(frame)
    }
  })

  it('is none at the end of the video', () => {
    expect(frameShownAt(at(900), video)).toBeNull()
    expect(frameShownAt(at(900) - 1e-9, video)).toBe(899)
    expect(frameShownAt(604_800, video)).toBeNull()
  })
})

describe('the width of a still', () => {
  const [wide, tall] = [
    { width: 1920, height: 1080 },
    { width: 1080, height: 1920 },
  ]

  it('is what was asked for, and never more than the rendition has', () => {
    expect(stillWidth(wide, undefined, null)).toBe(1920)
    expect(stillWidth(wide, 640, null)).toBe(640)
    expect(stillWidth(wide, 4000, null)).toBe(1920)
  })

  it('keeps the short side within the height of a link', () => {
    expect(stillWidth(wide, undefined, 480)).toBe(853)
    expect(stillWidth(wide, 100, 480)).toBe(100)
    expect(stillWidth(tall, undefined, 480)).toBe(480)
    expect(stillWidth(tall, undefined, 1080)).toBe(1080)
  })
})
