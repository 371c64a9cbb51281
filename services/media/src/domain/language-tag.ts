import { AppError } from '@kinora/common/errors'

/** Stands in names of files and attributes of playlists, so only what may stand there. */
const FORM = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,5}$/

/** A language tag in the canonical form of BCP 47: `pt-br` is `pt-BR`. Throws `VALIDATION_FAILED`. */
export function languageTag(text: string): string {
  try {
    const [tag] = FORM.test(text) ? Intl.getCanonicalLocales(text) : []
    if (tag !== undefined) return tag
  } catch {
    // Of the right form, and still not one.
  }
  throw new AppError('VALIDATION_FAILED', {
    fields: [{ path: 'lang', message: 'A language tag of BCP 47, like pt-BR' }],
  })
}

/** What speakers of a language call it. */
export function languageName(tag: string): string {
  return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag
}
