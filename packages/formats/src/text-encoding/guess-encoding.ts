import { ENCODINGS, type Language } from './languages.ts'

/** Bytes that are looked at: some hundred lines, in a few milliseconds. */
const SAMPLE_BYTES = 4096
const LF = 0x0a

/** How likely what does not belong to a language is, as logarithms. */
const STRANGE = Math.log(1e-4)
const PUNCTUATION = Math.log(0.02)
/** An upper-case letter inside a word, an accented letter beside another, or two scripts in a word. */
const UNUSUAL = Math.log(0.02)
/** In favour of the language that the file is said to be in; a few letters of evidence outweigh it. */
const DECLARED = 5
/** In favour of the code page that is used most. */
const USUAL = 1

/** The most likely encoding of a sample that is not in Unicode. `language` is a tag of BCP 47, if it is known. */
export function guessEncoding(sample: Uint8Array, language = ''): string {
  const [primary = ''] = language.toLowerCase().split('-')
  let best = { name: 'windows-1252', score: Number.NEGATIVE_INFINITY }
  for (const { name, models } of candidates()) {
    const marks = charactersOf(decodeBytes(sample, name))
    for (const model of models) {
      const score = scoreOf(marks, model) + bonusOf(name, model)
      if (score > best.score) best = { name, score }
    }
  }
  return best.name

  function bonusOf(name: string, model: Model): number {
    return (model.language.tags.includes(primary) ? DECLARED : 0) + (name === 'windows-1252' ? USUAL : 0)
  }
}

/** The first lines with bytes outside ASCII: what tells one encoding from another. */
export function unusualLines(bytes: Uint8Array): Uint8Array {
  const sample = new Uint8Array(SAMPLE_BYTES)
  let [length, start, unusual] = [0, 0, false]
  for (let at = 0; at <= bytes.length && length < SAMPLE_BYTES; at += 1) {
    if ((bytes[at] ?? LF) >= 0x80) unusual = true
    if (at < bytes.length && bytes[at] !== LF) continue
    if (unusual) {
      const line = bytes.subarray(start, Math.min(at + 1, start + SAMPLE_BYTES - length))
      sample.set(line, length)
      length += line.length
    }
    start = at + 1
    unusual = false
  }
  return sample.subarray(0, length)
}

/** A character outside ASCII and what is beside it. */
interface Character {
  lower: string
  kind: 'letter' | 'punctuation' | 'strange'
  /** It is upper case, and follows a letter of lower case. */
  risen: boolean
  besideAscii: boolean
  /** The two before it are letters outside ASCII as well. */
  inRun: boolean
}

const ASCII_LETTER = /[A-Za-z]/
const PUNCTUATION_MARK = /[\u00a0«»‹›„“”‚‘’–—…•¿¡°№、。！？，「」・]/
const LETTER = /[\p{L}\p{M}]/u

function charactersOf(text: string): Character[] {
  const all = Array.from(text)
  const found: Character[] = []
  let [run, afterLower] = [0, false]
  for (const [at, character] of all.entries()) {
    const lower = character.toLowerCase()
    if (character <= '\x7f') {
      run = 0
      afterLower = character !== character.toUpperCase()
      continue
    }
    const isLetter = LETTER.test(character)
    const kind = isLetter ? 'letter' : PUNCTUATION_MARK.test(character) ? 'punctuation' : 'strange'
    const besideAscii = ASCII_LETTER.test(all[at - 1] ?? '') || ASCII_LETTER.test(all[at + 1] ?? '')
    const risen = afterLower && lower !== character
    // The lower case of a Turkish İ has two characters.
    const one = lower.length > character.length ? character : lower
    found.push({ lower: one, kind, risen, besideAscii, inRun: isLetter && run >= 2 })
    run = isLetter ? run + 1 : 0
    afterLower = lower !== character.toUpperCase() && lower === character
  }
  return found
}

interface Model {
  language: Language
  /** Logarithm of the likelihood of each letter. */
  letters: ReadonlyMap<string, number>
}

function scoreOf(characters: readonly Character[], { language, letters }: Model): number {
  const { others, latin } = language
  let score = 0
  for (const { lower, kind, risen, besideAscii, inRun } of characters) {
    const known = letters.get(lower)
    if (known !== undefined) score += known
    else if (others?.script.test(lower)) score -= Math.log(others.count)
    else score += kind === 'punctuation' ? PUNCTUATION : STRANGE
    if (risen || (latin ? inRun : besideAscii && kind === 'letter')) score += UNUSUAL
  }
  return score
}

let known: readonly { name: string; models: Model[] }[] | undefined

function candidates(): readonly { name: string; models: Model[] }[] {
  known ??= ENCODINGS.map(({ name, languages }) => ({ name, models: languages.map(modelOf) }))
  return known
}

/** Letters by rank: likelihoods fall as in most languages, the first being several times the last. */
function modelOf(language: Language): Model {
  const letters = Array.from(language.letters)
  const weights = letters.map((_, rank) => 1 / (rank + 3))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return { language, letters: new Map(letters.map((letter, rank) => [letter, Math.log((weights[rank] ?? 0) / total)])) }
}

/** Of windows-1252, the characters of 0x80 to 0x9F. Some releases of Node decode them as control characters. */
const FROM_80 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'
const C1 = /[\u0080-\u009f]/g

/** Decodes in the encoding with this name for `TextDecoder`; U+FFFD for bytes that it does not have. */
export function decodeBytes(bytes: Uint8Array, encoding: string): string {
  if (encoding !== 'windows-1252') return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  return latin1.replace(C1, (control) => FROM_80[control.charCodeAt(0) - 0x80] ?? control)
}
