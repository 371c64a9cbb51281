import { describe, expect, it } from 'vitest'
import { etaSeconds, type Outlook, secondsLeft } from './eta.ts'

const NOTHING = { weight: 0, seconds: 0 }
const some = (known: Partial<Outlook>): Outlook => ({
  own: NOTHING,
  recent: NOTHING,
  remaining: [],
  ahead: 0,
  lanes: 1,
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
    expect(secondsLeft(some({ own, remaining: [50, 50], ahead: 100 }))).toBe(20)
    expect(secondsLeft(some({ own, remaining: [50, 50], ahead: 100, lanes: 2 }))).toBe(10)
  })

  it('is not less than its largest task takes alone, however many workers there are', () => {
    expect(secondsLeft(some({ own: { weight: 100, seconds: 10 }, remaining: [50, 20], lanes: 8 }))).toBe(5)
  })

  it('is nothing when all is done', () => {
    expect(secondsLeft(some({ own: { weight: 100, seconds: 10 } }))).toBe(0)
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
