import { expect, test } from 'vitest'
import { envLines } from './compose-env.ts'

test.each([
  ['', 'B=2\n'],
  ['A=1\n', 'B=2\n'],
  ['A=1', '\nB=2\n'],
])('after %j a variable is on a line of its own', (present, appended) => {
  expect(envLines(present, [['B', '2']])).toBe(appended)
  expect(envLines(present, [])).toBe('')
})
