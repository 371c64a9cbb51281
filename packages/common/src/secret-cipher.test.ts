import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createSecretCipher } from './secret-cipher.ts'

const cipher = createSecretCipher(Buffer.alloc(32, 1), 'a test')
const plain = Buffer.from('a private key')

describe('the secret cipher', () => {
  it('gives back what it was given, and never writes it the same way twice', () => {
    const sealed = cipher.encrypt(plain, 'kid')
    expect(cipher.decrypt(sealed, 'kid')).toEqual(plain)
    expect(cipher.encrypt(plain, 'kid').equals(sealed)).toBe(false)
  })

  it('notices another label, secret or purpose, and every changed bit', () => {
    const sealed = cipher.encrypt(plain, 'kid')
    expect(() => cipher.decrypt(sealed, 'other')).toThrow()
    expect(() => createSecretCipher(randomBytes(32), 'a test').decrypt(sealed, 'kid')).toThrow()
    expect(() => createSecretCipher(Buffer.alloc(32, 1), 'another').decrypt(sealed, 'kid')).toThrow()
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed)
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
      expect(() => cipher.decrypt(changed, 'kid')).toThrow()
    }
  })
})
