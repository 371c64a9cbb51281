import { createHash, randomBytes } from 'node:crypto'

/** Crockford's base 32: no I, L, O and U, which are misread or spell words. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 120 bits; from 112 a fast hash is enough (OWASP ASVS 5.0, 6.5.2). */
const CHARACTERS = 24
const GROUP = 4
const CODES = 10

/** Ten codes, as `7K3M-9QTX-0B2F-HN5C-4W8D-Z1YR`. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () => {
    // 32 divides 256, so every character is as likely as any other.
    const characters = Array.from(randomBytes(CHARACTERS), (byte) => ALPHABET[byte % ALPHABET.length])
    return characters.join('').replace(new RegExp(`.{${GROUP}}(?=.)`, 'g'), '$&-')
  })
}

/** SHA-256 of what was meant, however it was typed: case, spaces, dashes, and letters that look like digits do not count. */
export function recoveryCodeHash(typed: string): Buffer {
  const canonical = typed.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0')
  return createHash('sha256').update(canonical).digest()
}
