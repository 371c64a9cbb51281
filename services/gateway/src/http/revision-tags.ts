import type { IncomingHttpHeaders } from 'node:http'
import { contentTag } from '../playback/conditional-request.ts'

/** The field of an input that takes what `If-Match` says. */
export const IF_REVISION = 'ifRevision'

/** Of the JSON of a video or project: within a string the quotes would be escaped, and metadata has no numbers. */
const REVISION = /"revision":(\d+)/

/**
 * A strong validator: the revision, which `If-Match` compares, and a hash of the whole answer, which also changes with the
 * progress of processing and with the tokens in its addresses.
 */
export function revisionTag(json: Buffer): string {
  const revision = REVISION.exec(json.toString('latin1'))?.[1] ?? 0
  return `"r${revision}.${contentTag(json).slice(1)}`
}

/** Proxies that compress turn a tag into a weak one; the revision in it is as exact as before. */
const TAG = /^(?:W\/)?"r(\d{1,9})\.[\w-]{22}"$/

/** The revisions that `If-Match` allows (RFC 9110 section 13.1.1); undefined: any. A tag that is not ours allows none. */
export function allowedRevisions({ 'if-match': header }: IncomingHttpHeaders): number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  return header.split(',').flatMap((tag) => {
    const revision = TAG.exec(tag.trim())?.[1]
    return revision === undefined ? [] : [Number(revision)]
  })
}
