import { describe, expect, it } from 'vitest'
import { digestOfApiKey, isApiKey, sealApiKey } from './api-key.ts'

const random = 'AbCdEfGhIjKlMnOpQrStUvWxYz012345'
const key = sealApiKey(random)

describe('an API key', () => {
  it('has a fixed form, whatever its checksum', () => {
    expect(key).toMatch(/^knr_AbCdEfGhIjKlMnOpQrStUvWxYz012345[0-9A-Za-z]{6}$/)
    for (let i = 0; i < 1000; i++) expect(isApiKey(sealApiKey(String(i).padStart(32, 'z')))).toBe(true)
  })

  it('has a checksum that others can compute: CRC-32 of all before it, in base62', () => {
    // Python: zlib.crc32(b'knr_00000000000000000000000000000000')
    expect(sealApiKey('0'.repeat(32))).toBe('knr_000000000000000000000000000000003cfGXD')
  })

  it.each([
    ['a changed character', key.replace('AbC', 'AbD')],
    ['two characters the other way round', key.replace('AbC', 'bAC')],
    ['another start', key.replace('knr_', 'ghp_')],
    ['a character too few', key.slice(0, -1)],
    ['a character too many', `${key}a`],
    ['a line break at the end', `${key}\n`],
    ['a character outside base62', key.replace('A', '-')],
    ['nothing', ''],
  ])('with %s is not an API key', (_what, text) => {
    expect(isApiKey(text)).toBe(false)
  })

  it('is known by its SHA-256', () => {
    expect(digestOfApiKey(key)).toMatch(/^[\w-]{43}$/)
    expect(digestOfApiKey(key)).not.toBe(digestOfApiKey(sealApiKey('0'.repeat(32))))
  })
})
