import { expect, it } from 'vitest'
import { idempotencyKey } from './key-header.ts'

const parse = (header: string | undefined) => idempotencyKey({ 'idempotency-key': header })

it('takes a string of structured fields, and the same without quotes', () => {
  expect(parse(undefined)).toBeUndefined()
  for (const text of ['8e03978e-40d5-43e8-bc93-6894a57f9324', 'a', '~!#%&*', 'z'.repeat(255)]) {
    expect([parse(text), parse(`"${text}"`)]).toEqual([text, text])
  }
  expect(parse('"two words, and a comma"')).toBe('two words, and a comma')
})

it.each(['', '""', '"', '"a', 'a"', 'a b', 'a, b', '"a", "b"', 'a\\', '"a\\"', 'ä', '\t', 'z'.repeat(256)])(
  'refuses %j',
  (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }))
  },
)
