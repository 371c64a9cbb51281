import { isIPv6 } from 'node:net'
import type { Request } from 'express'

/** The client's address as reported by the trusted proxies (`trust proxy`), in normalised form. */
export function clientAddress(req: Request): string {
  return normaliseAddress(req.ip ?? '')
}

/**
 * Writes an IPv4-mapped address (`::ffff:192.0.2.1` or `::ffff:c000:201`, RFC 4291 section 2.5.5.2) as IPv4. Removes a
 * zone (`%eth0`), which has a meaning on one host only, and the port that some proxies add, which differs by connection.
 */
export function normaliseAddress(address: string): string {
  const bare = withoutPort(address.trim().toLowerCase()).split('%', 1)[0] ?? ''
  const dotted = /^(?:0{0,4}:){0,5}:?ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)
  return dotted?.[1] ?? mappedAddress(bare) ?? bare
}

function withoutPort(address: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(address)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address)?.[1] ?? address
}

/** The IPv4 address in an IPv4-mapped one with hexadecimal groups; undefined for any other address. */
function mappedAddress(address: string): string | undefined {
  if (!isIPv6(address)) return undefined
  const groups = expand(address)
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return undefined
  const [high = 0, low = 0] = groups.slice(6).map((group) => Number.parseInt(group, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** The key that one client is counted by: an IPv4 address, or an IPv6 /64, the network of one subscriber. */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address
  return `${expand(address).slice(0, 4).join(':')}::/64`
}

/** How client addresses are written to the access log. */
export type LoggedAddress = 'full' | 'short' | 'none'

/** An address for the log. `short`: without the last byte of an IPv4 address, and the /48 of an IPv6 one, which name no household. */
export function loggedAddress(address: string, how: LoggedAddress): string | undefined {
  if (how === 'none') return undefined
  if (how === 'full') return address
  if (isIPv6(address)) return `${expand(address).slice(0, 3).join(':')}::`
  return address.replace(/\.\d+$/, '.0')
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
