import { z } from 'zod'

export const MAX_ALLOWED_DOMAINS = 50
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const MAX_HOST = 253
/** Characters with a meaning in a URL, which would take what follows for something else than the host. */
const NO_HOST = /[\s/\\?#@:%[\]]/

/** A host name in lower case, as punycode, without a final dot; null for what is no host name. */
function hostOf(name: string): string | null {
  if (NO_HOST.test(name) || !URL.canParse(`http://${name}/`)) return null
  const host = new URL(`http://${name}/`).hostname.replace(/\.$/, '')
  return host.length <= MAX_HOST && host.split('.').every((label) => LABEL.test(label)) ? host : null
}

const WILDCARD = '*.'

/** The same for an entry of a list; `*.` before a name of two labels and more stands for all names below it. */
function domainOf(entry: string): string | null {
  if (!entry.startsWith(WILDCARD)) return hostOf(entry)
  const parent = hostOf(entry.slice(WILDCARD.length))
  return parent?.includes('.') && !/\.\d+$/.test(parent) ? WILDCARD + parent : null
}

const AllowedDomain = z
  .string()
  .max(300)
  .overwrite((entry) => domainOf(entry) ?? entry)
  .refine((entry) => domainOf(entry) !== null, 'must be a host name such as example.com or *.example.com')

/** The sites whose pages may play a video. Each name once, in the form in which hosts are compared. */
export const AllowedDomains = z
  .array(AllowedDomain)
  .max(MAX_ALLOWED_DOMAINS)
  .overwrite((entries) => [...new Set(entries)])

export const DOMAINS_EXAMPLE = ['example.com', '*.example.com']

/** Whether a host is in a list; `*.example.com` is not `example.com`. */
export function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  return allowed.some((entry) => (entry.startsWith(WILDCARD) ? host.endsWith(entry.slice(1)) : host === entry))
}
