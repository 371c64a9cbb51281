import { expect, it } from 'vitest'
import { attemptsToCut, type TimedAttempt } from './webhooks.ts'

const NOW = 100_000
const attempts = (count: number, of: Partial<TimedAttempt> = {}): TimedAttempt[] =>
  Array.from({ length: count }, () => ({ later: false, startedAt: NOW - 5000, isEnding: false, ...of }))

it('cuts nothing while an eighth of the places is free', () => {
  expect(attemptsToCut(attempts(350), NOW)).toEqual([])
})

it('cuts the longest running first attempts, only as many as are wanted', () => {
  const oldest = attempts(51, { startedAt: NOW - 9000 })
  expect(attemptsToCut([...attempts(300), ...oldest], NOW)).toEqual(oldest)
})

it('cuts neither later attempts nor those of less than a second', () => {
  const kept = [...attempts(200, { later: true }), ...attempts(190, { startedAt: NOW - 999 })]
  const slow = attempts(10)
  expect(attemptsToCut([...kept, ...slow], NOW)).toEqual(slow)
})

it('counts attempts that are ending as free', () => {
  expect(attemptsToCut([...attempts(350), ...attempts(50, { isEnding: true })], NOW)).toEqual([])
})
