import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frameGrid, withSteadyStart } from './frame-grid.ts'

const at = (rate: number, count: number, round = 1e6) =>
  Array.from({ length: count }, (_, index) => Math.round((index / rate) * round) / round)

describe('the grid of a source', () => {
  it('is that of the declared rate, also when the container rounds to milliseconds', () => {
    const ntsc = { num: 30_000, den: 1001 }
    const times = at(30_000 / 1001, 900, 1000)
    expect(frameGrid(times, 0.033, [ntsc])).toEqual({ frameRate: ntsc, frameCount: 900, resample: false })
  })

  it('keeps the declared rate over gaps, and counts the missing frames', () => {
    const times = at(25, 100).filter((_, index) => index !== 40)
    const grid = frameGrid(times, 0.04, [{ num: 25, den: 1 }])
    expect(grid).toEqual({ frameRate: { num: 25, den: 1 }, frameCount: 100, resample: true })
  })

  it('does not take a time base for a frame rate', () => {
    const times = at(50, 500).filter((_, index) => index % 5 === 0)
    expect(frameGrid(times, 0.1, [{ num: 50, den: 1 }]).frameRate).toEqual({ num: 10, den: 1 })
  })

  it('is the nearest standard rate for frames at uneven times', () => {
    const times = at(24.7, 200).map((time, index) => time + (index % 3) * 0.013)
    const { frameRate, resample } = frameGrid(times, 0.04, [{ num: 1000, den: 1 }])
    expect(frameRate).toEqual({ num: 25, den: 1 })
    expect(resample).toBe(true)
  })

  const bursts = (rate: number) => at(rate, 20 * rate, 1000).filter((time, index) => time % 4 < 1 || index % rate === 0)

  it.each([
    [60, { num: 60, den: 1 }],
    [25, { num: 25, den: 1 }],
    [120, { num: 60, den: 1 }],
  ])('keeps the motion of a recording with bursts of %i and pauses', (rate, frameRate) => {
    expect(frameGrid(bursts(rate), 1 / rate, [{ num: 1000, den: 1 }])).toMatchObject({ frameRate, resample: true })
  })

  it('is not misled by the few frames of a stream that catches up', () => {
    const late = at(10, 600).map((time, index) => (index % 100 < 8 ? time + 0.07 * (8 - (index % 100)) : time + 0.004))
    expect(frameGrid(late, 0.1, [{ num: 1000, den: 1 }]).frameRate).toEqual({ num: 10, den: 1 })
  })

  it('is the same for a phone, whose frames come early and late', () => {
    const noise = (index: number) => ((index * 7919) % 13) / 13 - 0.5
    const times = at(29.8, 900).map((time, index) => Math.round((time + noise(index) * 0.02) * 1000) / 1000)
    expect(frameGrid(times, 0.033, [{ num: 90_000, den: 1 }]).frameRate).toEqual({ num: 30_000, den: 1001 })
  })

  it('is the same for a phone that slows down in the dark', () => {
    const dark = at(24, 480, 1000)
    const times = [...dark, ...at(30, 150, 1000).map((time) => 20 + time)].map(
      (time, index) => time + (index % 2) * 0.011,
    )
    expect(frameGrid(times, 0.033, [{ num: 90_000, den: 1 }]).frameRate).toEqual({ num: 25, den: 1 })
  })

  it('keeps every second of 120 frames', () => {
    expect(frameGrid(at(120, 240), 1 / 120, [{ num: 120, den: 1 }])).toMatchObject({ frameCount: 120 })
  })

  it('has at least one frame, at most 60 a second, and the length of the source to a frame', () => {
    const gaps = fc.array(fc.double({ min: 0.001, max: 2, noNaN: true }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(gaps, (lengths) => {
        let now = 0
        const times = lengths.map((gap) => {
          now += gap
          return now - gap
        })
        const { frameRate, frameCount } = frameGrid(times, lengths.at(-1) ?? 0, [])
        const rate = frameRate.num / frameRate.den
        expect(rate).toBeLessThanOrEqual(60)
        expect(frameCount).toBeGreaterThanOrEqual(1)
        const span = (times.at(-1) ?? 0) / 1
        expect(frameCount / rate).toBeGreaterThanOrEqual(span - 1 / rate)
      }),
    )
  })
})

const AT_25 = [{ num: 25, den: 1 }]
const even = (begin: number) => Array.from({ length: 50 }, (_, index) => begin + index / 25)

describe('the first frame of a steady source', () => {
  it('is shown as long as the others when only it is off the grid', () => {
    const times = withSteadyStart([0, ...even(0.061)], AT_25)
    expect(times).toHaveLength(51)
    expect(times[0]).toBeCloseTo(0.021, 6)
  })

  it.each([
    ['frames are missing after it', [0, ...even(0.12)]],
    ['it is shown for long', [0, ...even(0.517)]],
    ['it is the only one before a second', [0, 0.061]],
    ['the others are at uneven times', [0, ...even(0.061).map((time, index) => time + (index % 3) * 0.013)]],
  ])('is not moved when %s', (_, times) => {
    expect(withSteadyStart(times, AT_25)).toBe(times)
  })
})
