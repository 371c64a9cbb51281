import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Countdown } from './countdown.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the time in which it is paused does not count', () => {
  const fire = vi.fn()
  const countdown = new Countdown(1000, fire)
  countdown.start()
  vi.advanceTimersByTime(600)
  countdown.pause()
  vi.advanceTimersByTime(10_000)
  countdown.start()
  vi.advanceTimersByTime(399)
  expect(fire).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(fire).toHaveBeenCalledOnce()
})

test('a second start or pause changes nothing', () => {
  const fire = vi.fn()
  const countdown = new Countdown(1000, fire)
  countdown.start()
  vi.advanceTimersByTime(600)
  countdown.start()
  countdown.pause()
  countdown.pause()
  countdown.start()
  vi.advanceTimersByTime(400)
  expect(fire).toHaveBeenCalledOnce()
})
