import { AppError } from '@kinora/common/errors'

/** Tags become part of file names and playlist attributes, so only their characters are allowed. */
const FORM = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,5}$/

/** A language tag in the canonical form of BCP 47: `pt-br` is `pt-BR`. Throws `VALIDATION_FAILED` for the field `path`. */
export function languageTag(text: string, path = 'lang'): string {
  try {
    const [tag] = FORM.test(text) ? Intl.getCanonicalLocales(text) : []
    if (tag !== undefined) return tag
  } catch {
    // The form is right, but the tag is not defined.
  }
  throw new AppError('VALIDATION_FAILED', {
    fields: [{ path, message: 'must be a BCP 47 language tag, like pt-BR' }],
  })
}

/** What files say of a track whose language they do not know, or that has none or several (ISO 639-2). */
const NO_LANGUAGE = ['und', 'mis', 'mul', 'zxx']

/** The language tag for what a source says of a track, of ISO 639-2 or BCP 47; null for what names no language. */
export function knownLanguage(text = ''): string | null {
  try {
    const tag = languageTag(text.trim())
    return NO_LANGUAGE.includes(tag) ? null : tag
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** The name of a language in that language. */
export function languageName(tag: string): string {
  return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag
}
