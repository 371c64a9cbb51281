import type { IncomingHttpHeaders } from 'node:http'
import { isAllowedHost } from '@kinora/common/contracts'

/**
 * What browsers say of the page that a request comes from. `own`: a page of this installation. `none`: nothing, as programs and
 * the built-in players of phones, or a person who opens an address. `hidden`: it is of another site, which is not named.
 */
export type Page = { host: string } | 'own' | 'none' | 'hidden'

/** By `Sec-Fetch-*`, which no script can set, `Origin`, else `Referer`. `ownOrigins` are those of this installation. */
export function pageOf(headers: IncomingHttpHeaders, ownOrigins: ReadonlySet<string>): Page {
  const { origin, referer } = headers
  const site = headers['sec-fetch-site']
  if (site === 'same-origin') return 'own'
  // A link that a person follows: the page that has it neither shows nor reads what comes.
  if (headers['sec-fetch-dest'] === 'document') return 'none'
  const named = webUrl(origin) ?? webUrl(referer)
  if (named) return ownOrigins.has(named.origin) ? 'own' : { host: named.hostname.replace(/\.$/, '') }
  // `null` of a frame without an origin of its own, or a page that sends no Referer.
  return origin !== undefined || site === 'cross-site' || site === 'same-site' ? 'hidden' : 'none'
}

function webUrl(text: string | undefined): URL | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined
}

/** Whether a page may play what only these sites may; an empty list: all sites. */
export function mayPlay(page: Page, allowed: readonly string[]): boolean {
  if (allowed.length === 0 || page === 'own' || page === 'none') return true
  return page !== 'hidden' && isAllowedHost(page.host, allowed)
}

/** Sources of `frame-ancestors`: our own pages, and these sites at all of their ports. */
export function frameAncestors(allowed: readonly string[]): string[] {
  return ["'self'", ...allowed.map((domain) => `${domain}:*`)]
}
