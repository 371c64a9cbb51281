import { expect, test } from 'vitest'
import { readableServiceLine } from './console.ts'

test('a warning is shown with its cause', () => {
  const line = JSON.stringify({ level: 'warn', msg: 'broker lost', err: { message: 'ECONNRESET' } })
  expect(readableServiceLine('media', line)).toBe('media | broker lost: ECONNRESET')
})

test('everyday lines stay in the log file', () => {
  expect(readableServiceLine('media', JSON.stringify({ level: 'info', msg: 'started' }))).toBeUndefined()
})

test('what is no log line is shown as it is', () => {
  expect(readableServiceLine('auth', 'Error: cannot find module')).toBe('auth | Error: cannot find module')
})
