import { BlockList, isIP, isIPv6 } from 'node:net'

/** The words for networks that Express knows beside addresses. */
const NAMED = ['loopback', 'linklocal', 'uniquelocal']

/** Addresses that nobody on the internet has (RFC 6890). */
const PRIVATE: readonly (readonly [network: string, prefix: number])[] = [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
]

/**
 * Whether an entry of TRUSTED_PROXIES, as `proxy-addr` reads it, is a network with addresses of the internet in it: whoever
 * has one of them may claim to be anybody. A single address is a proxy's own, wherever it is.
 */
export function includesPublicAddresses(entry: string): boolean {
  if (NAMED.includes(entry)) return false
  const [network = '', mask] = entry.split('/')
  if (isIP(network) === 0 || mask === undefined) return false
  const prefix = prefixOf(mask)
  if (prefix === (isIPv6(network) ? 128 : 32)) return false
  return !PRIVATE.some(([whole, wholePrefix]) => wholePrefix <= prefix && contains(whole, wholePrefix, network))
}

function contains(network: string, prefix: number, address: string): boolean {
  if (isIPv6(network) !== isIPv6(address)) return false
  const family = isIPv6(network) ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(network, prefix, family)
  return list.check(address, family)
}

/** `255.255.0.0` is 16. */
function prefixOf(mask: string): number {
  if (!mask.includes('.')) return Number(mask)
  const bits = mask.split('.').map((byte) => Number(byte).toString(2))
  return bits.join('').replaceAll('0', '').length
}
