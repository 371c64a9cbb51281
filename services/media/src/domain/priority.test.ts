import { expect, test } from 'vitest'
import { taskPriority } from './priority.ts'

test('what makes a video playable comes before all other work, and every priority is one that queues have', () => {
  const [probe, chunk] = [{ kind: 'probe', ordinal: 0 } as const, { kind: 'video', ordinal: 4 } as const]
  expect(taskPriority({ ...probe, earlier: 99 })).toBeGreaterThan(taskPriority({ ...chunk, earlier: 0 }))
  expect(taskPriority({ ...probe, earlier: 0 })).toBe(9)
  expect(taskPriority({ ...chunk, earlier: 99 })).toBe(0)
  expect(taskPriority({ kind: 'video', ordinal: 1, earlier: 0 })).toBe(9)
})

test("a user's first unfinished video comes before another user's second", () => {
  const chunk = { kind: 'video', ordinal: 4 } as const
  const places = [0, 1, 2, 3, 4, 5].map((earlier) => taskPriority({ ...chunk, earlier }))
  expect(places).toEqual([4, 3, 2, 1, 0, 0])
})
