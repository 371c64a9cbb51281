import { dictionary } from '@zxcvbn-ts/language-common'

/** Shorter words say too little about a person to be held against a password. */
const WORD_MIN = 3
/** What must be left of a password once everything that an attacker knows about its owner is taken away. */
const REST_MIN = 4

export interface PasswordOwner {
  email: string
  displayName: string | null
}

/**
 * Why a password may not be used, as a sentence for its owner; null when it may. Follows NIST SP 800-63B section 5.1.1.2:
 * length and a list of known-bad choices, no rules of composition.
 */
export function passwordProblem(password: string, owner: PasswordOwner, minLength: number): string | null {
  const lower = password.normalize('NFKC').toLowerCase()
  if ([...lower].length < minLength) return `The password needs at least ${minLength} characters.`
  if (isCommonPassword(lower)) return 'This password is one of the most common ones.'
  if (new Set(lower).size < REST_MIN) return 'The password repeats too few different characters.'
  if (restWithout(lower, wordsOf(owner)).length < REST_MIN)
    return 'The password is made of your name or e-mail address.'
  return null
}

function wordsOf({ email, displayName }: PasswordOwner): string[] {
  const name = displayName?.normalize('NFKC').toLowerCase() ?? ''
  const [local = '', domain = ''] = email.split('@')
  const words = [email, local, domain, name, ...email.split(/[^\p{L}\p{N}]+/u), ...name.split(/\s+/u), 'kinora']
  return words.filter((word) => word.length >= WORD_MIN)
}

function restWithout(password: string, words: string[]): string {
  const longestFirst = words.toSorted((a, b) => b.length - a.length)
  return longestFirst.reduce((rest, word) => rest.replaceAll(word, ''), password)
}

/** Some 49,000 passwords from leaks, lower case, the commonest first; a third of them has eight characters and more. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(dictionary['passwords-common'].map(String))

/** What is left of those when digits and signs are taken off both ends: `summer`, `p@ssw0rd`. */
const STEMS: ReadonlySet<string> = new Set([...COMMON_PASSWORDS].map(stemOf))
/** With more characters than this around it, a word is no longer guessed along with them. */
const MAX_ADDED = 6

/** Takes lower case. Is it a common password, or a common one with a few digits and signs around it? */
function isCommonPassword(password: string): boolean {
  if (COMMON_PASSWORDS.has(password)) return true
  const stem = stemOf(password)
  return stem !== '' && password.length - stem.length <= MAX_ADDED && STEMS.has(stem)
}

function stemOf(password: string): string {
  return password.replace(/^\P{L}+|\P{L}+$/gu, '')
}
