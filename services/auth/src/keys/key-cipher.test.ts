import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createKeyCipher } from './key-cipher.ts'

const cipher = createKeyCipher(Buffer.alloc(32, 1))
const plain = Buffer.from('a private key')

describe('the key cipher', () => {
  it('gives back what it was given, and never writes it the same way twice', () => {
    const sealed = cipher.encrypt(plain, 'kid')
    expect(cipher.decrypt(sealed, 'kid')).toEqual(plain)
    expect(cipher.encrypt(plain, 'kid').equals(sealed)).toBe(false)
  })

  it('notices another label, another secret and every changed bit', () => {
    const sealed = cipher.encrypt(plain, 'kid')
    expect(() => cipher.decrypt(sealed, 'other')).toThrow()
    expect(() => createKeyCipher(randomBytes(32)).decrypt(sealed, 'kid')).toThrow()
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(() => cipher.decrypt(changed, 'kid')).toThrow()
    }
  })
})
