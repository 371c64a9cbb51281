import { describe, expect, it } from 'vitest'
import { askedPauseMs, retryDelayMs } from './webhooks.ts'

describe('retryDelayMs', () => {
  it('waits longer after each failure and gives up after the seventh', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8].map((tries) => retryDelayMs(tries, 0))
    expect(delays).toEqual([5000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, null, null])
  })

  it('spreads what failed together over a fifth of the time more', () => {
    expect(retryDelayMs(1, 0.5)).toBe(5500)
    expect(retryDelayMs(6, 0.999)).toBeLessThan(36_000_000 * 1.2)
  })
})

describe('askedPauseMs', () => {
  const now = Date.parse('2026-03-01T12:00:00Z')

  it.each([
    ['120', 120_000],
    ['Sun, 01 Mar 2026 12:01:00 GMT', 60_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['99999999999', 86_400_000],
    ['-5', 0],
    ['soon', 0],
    [undefined, 0],
  ])('of %s is %i', (header, expected) => {
    expect(askedPauseMs(header, now)).toBe(expected)
  })
})
