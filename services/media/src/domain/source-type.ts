/**
 * Declared types of a body that is certainly no video: pages, forms, documents and still pictures. Others are taken, and the
 * probe finds out what they are. Clients guess types from names, and browsers have odd guesses, such as
 * `text/vnd.trolltech.linguist` for a transport stream called `.ts`.
 */
const OTHER =
  /^(multipart\/.*|text\/(plain|html|css|csv|xml|javascript|markdown)|image\/(png|jpeg|webp|avif|heic|bmp|tiff|svg\+xml)|application\/(x-www-form-urlencoded|json|xml|javascript|pdf|zip|gzip))$/

/** For clients: what `isDeclaredAsOther` refuses. */
export const REFUSED_TYPES =
  'The declared content type is that of a page, a form, a document or a still picture. Send the file itself, as video/* or application/octet-stream'

/** Whether the client declares the body as something else than a video. Names say nothing: the content decides. */
export function isDeclaredAsOther(contentType: string | null): boolean {
  const [essence = ''] = (contentType ?? '').split(';')
  return OTHER.test(essence.trim().toLowerCase())
}

/** A file name to show: without folders, control and direction-changing characters; null when nothing is left. */
export function shownFilename(filename: string | null): string | null {
  const base = filename?.split(/[/\\]/).at(-1) ?? ''
  return base.replace(/[\p{Cc}\p{Cf}]/gu, '').trim() || null
}

const UNTITLED = 'Untitled'

/** The title of a video that has none: its file name, cut to the length of a title. */
export function titleOf(filename: string | null): string {
  return (
    filename
      ?.slice(0, 200)
      .replace(/\p{Cs}/gu, '')
      .trim() || UNTITLED
  )
}
