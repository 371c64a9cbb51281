import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CursorInteger, CursorTime, decodeCursor, encodeCursor } from './cursor.ts'

const Place = z.tuple([CursorTime, z.uuid()])

describe('a cursor', () => {
  it('comes back as it was made', () => {
    const place = ['2026-01-01T00:00:00.123Z', '6f1c2f0e-5b0f-4c8e-9c1c-0a4b8d7e6f5a']
    expect(decodeCursor(encodeCursor(place), Place)).toEqual(place)
  })

  it.each([
    '',
    'x',
    '!!!',
    encodeCursor(['a']),
    encodeCursor(['2026-01-01T00:00:00Z', "'; drop table"]),
    encodeCursor(['0000-01-01T00:00:00Z', '6f1c2f0e-5b0f-4c8e-9c1c-0a4b8d7e6f5a']),
  ])('that nobody made is refused: %j', (cursor) => {
    expect(() => decodeCursor(cursor, Place)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }))
  })

  it('with a number that PostgreSQL cannot hold is refused', () => {
    const Ordinal = z.tuple([CursorInteger])
    expect(decodeCursor(encodeCursor(['2147483647']), Ordinal)).toEqual([2_147_483_647])
    for (const number of ['2147483648', '-2147483648', '9007199254740991']) {
      expect(() => decodeCursor(encodeCursor([number]), Ordinal)).toThrow(
        expect.objectContaining({ code: 'VALIDATION_FAILED' }),
      )
    }
  })
})
