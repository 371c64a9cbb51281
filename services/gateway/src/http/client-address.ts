import { isIPv6 } from 'node:net'
import type { Request } from 'express'

/** The client's address as the trusted proxies tell it (`trust proxy`), IPv4 written as IPv4. */
export function clientAddress(req: Request): string {
  return normaliseAddress(req.ip ?? '')
}

/**
 * `::ffff:192.0.2.1` is the IPv4 address 192.0.2.1, also as `::ffff:c000:201` (RFC 4291 section 2.5.5.2). A zone
 * (`%eth0`) is local knowledge, and the port that some proxies add is another one for each connection.
 */
export function normaliseAddress(address: string): string {
  const bare = withoutPort(address.trim().toLowerCase()).split('%', 1)[0] ?? ''
  const dotted = /^(?:0{0,4}:){0,5}:?ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)
  return dotted?.[1] ?? mappedAddress(bare) ?? bare
}

function withoutPort(address: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address)?.[1] ?? address
}

/** The IPv4 address in an IPv4-mapped one that is written in hexadecimal; undefined for any other. */
function mappedAddress(address: string): string | undefined {
  if (!isIPv6(address)) return undefined
  const groups = expand(address)
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return undefined
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
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
