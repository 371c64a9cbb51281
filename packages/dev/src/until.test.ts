import { expect, test } from 'vitest'
import { until } from './until.ts'

test('returns the first truthy value', async () => {
  let n = 0
  expect(await until(() => ++n > 2 && n, { every: 1 })).toBe(3)
})

test('treats an error as not yet', async () => {
  let n = 0
  const look = () => {
    n += 1
    if (n < 3) throw new Error('early')
    return 'there'
  }
  expect(await until(look, { every: 1 })).toBe('there')
})

test('says at the end what it saw last', async () => {
  await expect(until(() => 0, { timeoutMs: 5, every: 1 })).rejects.toThrow('the last value was 0')
  const look = () => Promise.reject(new Error('still closed'))
  await expect(until(look, { timeoutMs: 5, every: 1 })).rejects.toThrow('still closed')
})
