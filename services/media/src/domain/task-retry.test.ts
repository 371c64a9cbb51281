import type { TaskCause, TaskKind } from '@kinora/common/contracts'
import { expect, test } from 'vitest'
import { countFailure, mayRetry, retryDelayMs } from './task-retry.ts'

function tries(failure: TaskCause['class'], code = 'X', kind: TaskKind = 'video'): number {
  const cause: TaskCause = { class: failure, code, detail: '' }
  let failures = { host: 0, memory: 0 }
  for (let count = 1; ; count++) {
    failures = countFailure(cause, failures)
    if (!mayRetry(kind, cause, failures)) return count
  }
}

test('a fault of the file is tried once, one of memory twice, one of the host five times', () => {
  expect([tries('input'), tries('memory'), tries('host')]).toEqual([1, 2, 5])
})

test('a finished video that breaks a rule is checked once more; a segment is made again as often as any', () => {
  expect(tries('host', 'VERIFICATION_FAILED', 'finalise')).toBe(2)
  expect(tries('host', 'VERIFICATION_FAILED', 'video')).toBe(5)
})

test('the pauses grow, with jitter, up to a minute', () => {
  const most = [1, 2, 3, 4, 5].map((host) => retryDelayMs({ host, memory: 0 }, 0.999_999))
  expect(most).toEqual([1000, 4000, 16_000, 60_000, 60_000])
  expect(retryDelayMs({ host: 2, memory: 0 }, 0)).toBe(2000)
})
