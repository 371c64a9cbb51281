const EXTENSIONS = new Set(['mp4', 'mov', 'm4v', 'mkv', 'webm', 'avi', 'mpg', 'ts', 'flv', 'wmv', '3gp', 'ogv'])
/** For clients: what `isDeclaredAsVideo` accepts. */
export const SUPPORTED_TYPES =
  'Supported are the types video/*, application/mp4, application/x-matroska and application/octet-stream, ' +
  `and file names that end in ${[...EXTENSIONS].map((extension) => `.${extension}`).join(', ')}`
const TYPES = /^(video\/[a-z0-9.+-]{1,60}|application\/(octet-stream|mp4|x-matroska))$/

/** Whether the client declares the file as a video, before a byte is read. What it really is, the probe finds out. */
export function isDeclaredAsVideo(contentType: string | null, filename: string | null): boolean {
  if (contentType !== null && !isVideoType(contentType)) return false
  const extension = /\.([^.]*)$/.exec(filename ?? '')?.[1]
  // A name like "holiday" has no extension, so the type must be given.
  if (extension === undefined) return filename === null || contentType !== null
  return EXTENSIONS.has(extension.toLowerCase())
}

function isVideoType(contentType: string): boolean {
  const [essence = ''] = contentType.split(';')
  return TYPES.test(essence.trim().toLowerCase())
}

/** A file name to show: without folders, control and direction-changing characters; null when nothing is left. */
export function shownFilename(filename: string | null): string | null {
  const base = filename?.split(/[/\\]/).at(-1) ?? ''
  return base.replace(/[\p{Cc}\p{Cf}]/gu, '').trim() || null
}
