import { expect, it } from 'vitest'
import { normaliseEmail } from './accounts.ts'

it.each([
  ['Ann@Example.ORG', 'ann@example.org'],
  ['  ann@example.org ', 'ann@example.org'],
  ['ａｎｎ@example.org', 'ann@example.org'],
])('takes %j for %s', (typed, normal) => {
  expect(normaliseEmail(typed)).toBe(normal)
})
