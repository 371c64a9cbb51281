import { dictionary } from '@zxcvbn-ts/language-common'

/** Shorter parts of a name or address are ignored. */
const WORD_MIN = 3
/** Characters that must remain of a password without the words that an attacker knows about its owner. */
const REST_MIN = 4

export interface PasswordOwner {
  email: string
  displayName: string | null
}

/**
 * Why a password is not allowed, as a sentence for its owner; null if it is allowed. Follows NIST SP 800-63B section 5.1.1.2:
 * length and a list of known-bad choices, no rules of composition.
 */
export function passwordProblem(password: string, owner: PasswordOwner, minLength: number): string | null {
  const lower = password.normalize('NFKC').toLowerCase()
  if ([...lower].length < minLength) return `The password needs at least ${minLength} characters.`
  if (isCommonPassword(lower)) return 'This password is one of the most common ones.'
  if (new Set(lower).size < REST_MIN) return 'The password repeats too few different characters.'
  if (restWithout(lower, wordsOf(owner)).length < REST_MIN)
    return 'The password consists of your name or e-mail address.'
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

/** About 49,000 passwords from leaks, lower case, most common first; a third of them have eight or more characters. */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(dictionary['passwords-common'].map(String))

/** Common passwords without digits and signs at both ends: `summer`, `p@ssw0rd`. */
const STEMS: ReadonlySet<string> = new Set([...COMMON_PASSWORDS].map(stemOf))
/** A common word with more added characters than this counts as hard to guess. */
const MAX_ADDED = 6

/** Whether a password in lower case is a common one, or a common one with a few digits and signs around it. */
function isCommonPassword(password: string): boolean {
  if (COMMON_PASSWORDS.has(password)) return true
  const stem = stemOf(password)
  return stem !== '' && password.length - stem.length <= MAX_ADDED && STEMS.has(stem)
}

function stemOf(password: string): string {
  return password.replace(/^\P{L}+|\P{L}+$/gu, '')
}
