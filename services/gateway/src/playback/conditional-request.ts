import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { StoredFile } from '@kinora/common/storage'

/** Strong: files under an attempt's folder are written once and never changed. */
export function fileTag({ bytes, modifiedAt }: StoredFile): string {
  return `"${bytes.toString(36)}-${modifiedAt.getTime().toString(36)}"`
}

export function contentTag(content: string | Uint8Array): string {
  return `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
}

/** RFC 9110 section 13.1.2: weak comparison. */
export function isNotModified({ 'if-none-match': header }: IncomingHttpHeaders, tag: string): boolean {
  if (header === undefined) return false
  return header === '*' || header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '') === tag)
}

/** RFC 9110 section 13.1.5: strong comparison; dates are not accepted as validators here. */
export function isRangeCurrent({ 'if-range': header }: IncomingHttpHeaders, tag: string): boolean {
  return header === undefined || header === tag
}
