import { describe, expect, it } from 'vitest'
import { createRecoveryCodes, recoveryCodeHash } from './one-time-codes.ts'

describe('recovery codes', () => {
  it('are ten, all different, in groups that a person can copy', () => {
    const codes = createRecoveryCodes()
    expect(new Set(codes).size).toBe(10)
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/)
  })

  it('are the same code however they are typed', () => {
    const hash = recoveryCodeHash('10AB-CDEF-GHJK-MNPQ')
    for (const typed of ['10abcdefghjkmnpq', ' IOAB CDEF-GHJK MNPQ ', 'loab-cdef-ghjk-mnpq']) {
      expect(recoveryCodeHash(typed)).toEqual(hash)
    }
    expect(recoveryCodeHash('10AB-CDEF-GHJK-MNPR')).not.toEqual(hash)
  })
})
