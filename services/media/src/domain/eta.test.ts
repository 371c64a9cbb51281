import { describe, expect, it } from 'vitest'
import { someFacts } from '../../test/support/results.ts'
import { type EtaInputs, etaSeconds, secondsLeft } from './eta.ts'
import { planTasks, planVideo } from './plan.ts'

const NOTHING = { weight: 0, seconds: 0 }
const some = (known: Partial<EtaInputs>): EtaInputs => ({
  own: NOTHING,
  recent: NOTHING,
  remaining: [],
  backlog: 0,
  slots: 1,
  ...known,
})

describe('the time that is left', () => {
  it('is not known before anything was measured', () => {
    expect(secondsLeft(some({ remaining: [100] }))).toBeNull()
    expect(secondsLeft(some({ own: { weight: 0, seconds: 30 }, remaining: [100] }))).toBeNull()
  })

  it('goes by the speed of other videos at first, and by its own once that says something', () => {
    const recent = { weight: 100, seconds: 10 }
    expect(secondsLeft(some({ recent, remaining: [100] }))).toBe(10)
    expect(secondsLeft(some({ recent, own: { weight: 1, seconds: 1 }, remaining: [100] }))).toBe(10)
    expect(secondsLeft(some({ recent, own: { weight: 40, seconds: 2 }, remaining: [100] }))).toBe(5)
  })

  it('is better than nothing after the first moments of the first video of all', () => {
    expect(secondsLeft(some({ own: { weight: 5, seconds: 1 }, remaining: [100] }))).toBe(20)
  })

  it('grows with the work that goes first and shrinks with the workers', () => {
    const own = { weight: 100, seconds: 10 }
    expect(secondsLeft(some({ own, remaining: [50, 50], backlog: 100 }))).toBe(20)
    expect(secondsLeft(some({ own, remaining: [50, 50], backlog: 100, slots: 2 }))).toBe(10)
  })

  it('is not less than its largest task takes alone, however many workers there are', () => {
    expect(secondsLeft(some({ own: { weight: 100, seconds: 10 }, remaining: [50, 20], slots: 8 }))).toBe(5)
  })

  it('is nothing when all is done', () => {
    expect(secondsLeft(some({ own: { weight: 100, seconds: 10 } }))).toBe(0)
  })
})

describe('by the weights of real plans, the time that is left', () => {
  /** What such a task took where the weights were measured: its program starts, decodes and encodes. */
  const measured = (starts: number, frames: number, source: number, encoded: number) =>
    0.25 * starts + (frames * (0.5 * source + encoded)) / 120_000_000
  const pictureTasks = (seconds: number, width: number, height: number) => {
    const facts = someFacts(seconds, { width, height }, false)
    return planTasks(planVideo(facts, 2160), facts, 'source', 'playlists', null)
      .filter(({ work }) => work.kind === 'video')
      .map(({ weight }) => weight)
  }
  const sum = (weights: number[]) => weights.reduce((total, weight) => total + weight, 0)
  const [hd, smaller] = [1920 * 1080, 1280 * 720 + 960 * 540 + 640 * 360 + 426 * 240]
  // A minute of 1080p: one chunk of all renditions, of which the head makes the beginning of the smallest.
  const minute = pictureTasks(60, 1920, 1080)
  const minuteSeconds = measured(2, 1800, hd, hd + smaller) + measured(0, 180, hd, 0)

  it('is right for a large video after many tiny ones', () => {
    const tiny = pictureTasks(2, 64, 36)
    const recent = { weight: 20 * sum(tiny), seconds: 20 * measured(1, 60, 64 * 36, 64 * 36) }
    const seconds = secondsLeft(some({ recent, remaining: minute })) ?? 0
    expect(seconds / minuteSeconds).toBeGreaterThan(0.9)
    expect(seconds / minuteSeconds).toBeLessThan(1.1)
  })

  it('is right for the rest of a large video after its head, which mostly decodes', () => {
    const [head = 0, ...rest] = minute
    const headSeconds = measured(1, 180, hd, 426 * 240)
    const own = { weight: head, seconds: headSeconds }
    const seconds = secondsLeft(some({ own, remaining: rest })) ?? 0
    const restSeconds = minuteSeconds - headSeconds
    expect(seconds / restSeconds).toBeGreaterThan(0.9)
    expect(seconds / restSeconds).toBeLessThan(1.1)
  })
})

describe('what is shown of it', () => {
  const now = new Date('2026-11-25T03:00:00Z')
  const at = (ms: number) => new Date(now.getTime() + ms)

  it('counts down in whole seconds and is never negative', () => {
    expect([2500, 1000, 1, 0, -4000].map((ms) => etaSeconds('processing', at(ms), now))).toEqual([3, 1, 1, 0, 0])
  })

  it('is nothing any more when the estimate was wrong', () => {
    expect(etaSeconds('processing', at(-6000), now)).toBeNull()
  })

  it('is 0 for what is ready, and null for what has no estimate', () => {
    expect(etaSeconds('ready', null, now)).toBe(0)
    expect(etaSeconds('uploaded', null, now)).toBeNull()
  })
})
