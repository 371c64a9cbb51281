import { CursorInteger } from '@kinora/common/cursor'
import { describe, expect, it } from 'vitest'
import { creationCursor, decodeCreationCursor } from './pages.ts'

const encoded = (...place: string[]) => Buffer.from(JSON.stringify(place)).toString('base64url')
const id = '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55'

describe('a cursor', () => {
  it('is read as it was written', () => {
    const created_at = new Date('2026-11-30T06:00:00.123Z')
    const cursor = creationCursor({ created_at, id })
    expect(decodeCreationCursor(cursor)).toEqual({ createdAt: created_at.toISOString(), id })
  })

  it.each([
    '0000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '10000-01-01T00:00:00Z',
    `2026-11-30T06:00:00.${'1'.repeat(100)}Z`,
    'now',
  ])('with the time %s is refused', (time) => {
    const decode = () => decodeCreationCursor(encoded('-createdAt', time, id))
    expect(decode).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }))
  })

  it.each([String(2 ** 31), String(-(2 ** 31) - 1), '1e99', '1.5', 'x'])('with the number %s is refused', (number) => {
    expect(CursorInteger.safeParse(number).success).toBe(false)
  })
})
