import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Countdown } from './countdown.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the time in which it is held does not count', () => {
  const fire = vi.fn()
  const countdown = new Countdown(1000, fire)
  countdown.run()
  vi.advanceTimersByTime(600)
  countdown.hold()
  vi.advanceTimersByTime(10_000)
  countdown.run()
  vi.advanceTimersByTime(399)
  expect(fire).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(fire).toHaveBeenCalledOnce()
})

test('running or holding it twice is doing it once', () => {
  const fire = vi.fn()
  const countdown = new Countdown(1000, fire)
  countdown.run()
  vi.advanceTimersByTime(600)
  countdown.run()
  countdown.hold()
  countdown.hold()
  countdown.run()
  vi.advanceTimersByTime(400)
  expect(fire).toHaveBeenCalledOnce()
})
