import { expect, it } from 'vitest'
import { languageName, languageTag } from './languages.ts'

it.each([
  ['en', 'en'],
  ['PT-br', 'pt-BR'],
  ['zh-hant-tw', 'zh-Hant-TW'],
  ['iw', 'he'],
])('%s is %s', (given, tag) => {
  expect(languageTag(given)).toBe(tag)
})

it.each(['', 'e', 'english', 'en_US', 'en-', '../x', 'en"', 'en-a', 'en-toolongsub', 'de-DE-de-DE', 'x-private'])(
  'does not take %j for a language',
  (text) => {
    expect(() => languageTag(text)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }))
  },
)

it('calls a language by its own name', () => {
  expect(languageName('de')).toBe('Deutsch')
})
