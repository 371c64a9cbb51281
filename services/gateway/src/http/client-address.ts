import { isIPv6 } from 'node:net'
import type { Request } from 'express'

/** The client's address as the trusted proxies tell it (`trust proxy`), IPv4 written as IPv4. */
export function clientAddress(req: Request): string {
  return normaliseAddress(req.ip ?? '')
}

/** `::ffff:192.0.2.1` is the IPv4 address 192.0.2.1 (RFC 4291 section 2.5.5.2); a zone (`%eth0`) is local knowledge. */
export function normaliseAddress(address: string): string {
  const bare = (address.split('%', 1)[0] ?? '').toLowerCase()
  const mapped = /^(?:0{0,4}:){0,5}:?ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)
  return mapped?.[1] ?? bare
}

/** What counts as one client: an IPv4 address, or an IPv6 /64, which is what one subscriber gets. */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address
  return `${expand(address).slice(0, 4).join(':')}::/64`
}

/** The eight groups of an IPv6 address, without leading zeros. */
function expand(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const left = groups(head)
  if (tail === undefined) return left
  const right = groups(tail)
  return [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
}

function groups(part: string): string[] {
  return part === '' ? [] : part.split(':').map((group) => group.replace(/^0+(?=.)/, ''))
}
