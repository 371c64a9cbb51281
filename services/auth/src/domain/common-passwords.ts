import { dictionary } from '@zxcvbn-ts/language-common'

/** Some 49,000 passwords from leaks, lower case, the commonest first; a third of them has eight characters and more. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(dictionary['passwords-common'].map(String))

/** What is left of those when digits and signs are taken off both ends: `summer`, `p@ssw0rd`. */
const STEMS: ReadonlySet<string> = new Set([...COMMON_PASSWORDS].map(stemOf))
/** So many more are no longer guessed along with the word. */
const MAX_ADDED = 6

/** Takes lower case. Is it a common password, or a common one with a few digits and signs around it? */
export function isCommonPassword(password: string): boolean {
  if (COMMON_PASSWORDS.has(password)) return true
  const stem = stemOf(password)
  return stem !== '' && password.length - stem.length <= MAX_ADDED && STEMS.has(stem)
}

function stemOf(password: string): string {
  return password.replace(/^\P{L}+|\P{L}+$/gu, '')
}
