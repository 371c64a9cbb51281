import { BlockList, isIP } from 'node:net'

type Network = readonly [network: string, prefix: number]

/** IPv4 networks that are not reachable on the internet, or not one host there (IANA's special-purpose registry). */
const SPECIAL_IPV4: readonly Network[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // With the metadata services of clouds.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, and all that is reserved above it.
  ['224.0.0.0', 3],
]

/**
 * All IPv6 hosts of the internet have addresses in here. So nothing else is one: not `::ffff:10.0.0.1` (IPv4-mapped),
 * `64:ff9b::a00:1` (NAT64), `fc00::/7` (private) or `fe80::/10` (link-local).
 */
const GLOBAL_IPV6: Network = ['2000::', 3]
/** Of these, the ones that are no host, or hide an IPv4 address: Teredo and protocols, documentation, 6to4. */
const SPECIAL_IPV6: readonly Network[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const specialIpv4 = blockList('ipv4', SPECIAL_IPV4)
const globalIpv6 = blockList('ipv6', [GLOBAL_IPV6])
const specialIpv6 = blockList('ipv6', SPECIAL_IPV6)

/** Whether something may be sent to this address: a host of the internet, or one of the networks the operator allows. */
export type AddressRule = (address: string) => boolean

export function addressRule(allowed: BlockList): AddressRule {
  return (address) => {
    const version = isIP(address)
    // A zone (`fe80::1%eth0`) names a link of this machine.
    if (version === 0 || address.includes('%')) return false
    if (allowed.check(address, version === 6 ? 'ipv6' : 'ipv4')) return true
    return version === 6 ? isPublicIpv6(address) : !specialIpv4.check(address, 'ipv4')
  }
}

function isPublicIpv6(address: string): boolean {
  return globalIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6')
}

function blockList(family: 'ipv4' | 'ipv6', networks: readonly Network[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family)
  return list
}
