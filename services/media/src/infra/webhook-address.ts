import { Resolver } from 'node:dns/promises'
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net'
import { AppError } from '@kinora/common/errors'
import { list } from '@kinora/common/service'
import { Agent, buildConnector } from 'undici'

type Network = readonly [network: string, prefix: number]

/** IPv4 networks that are not public, or not a single host (IANA's special-purpose registry). */
const SPECIAL_IPV4: readonly Network[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Includes the metadata services of clouds.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Azure answers virtual machines and their agents at this public address, as others do at link-local ones.
  ['168.63.129.16', 32],
  // Multicast, and the reserved addresses above it.
  ['224.0.0.0', 3],
]

/**
 * All public IPv6 hosts have addresses in this network. Everything outside is refused: `::ffff:10.0.0.1` (IPv4-mapped),
 * `64:ff9b::a00:1` (NAT64), `fc00::/7` (private) or `fe80::/10` (link-local).
 */
const GLOBAL_IPV6: Network = ['2000::', 3]
/** Networks in it that are not hosts, or contain an IPv4 address: Teredo and protocols, documentation, 6to4. */
const SPECIAL_IPV6: readonly Network[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const specialIpv4 = blockList('ipv4', SPECIAL_IPV4)
const globalIpv6 = blockList('ipv6', [GLOBAL_IPV6])
const specialIpv6 = blockList('ipv6', SPECIAL_IPV6)

/** Whether requests may go to this address: a public host, or in a network that the operator allows. */
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

export interface TargetRule {
  allowHttp: boolean
  allowsAddress: AddressRule
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that it refuses
const PRINTABLE = /^[^\u0000-\u0020\u007f-\u00a0\u2028\u2029\ufeff]+$/

/** A message for the owner why this URL is refused; null when it is allowed. Host names are not resolved here. */
export function targetProblem(url: string, { allowHttp, allowsAddress }: TargetRule): string | null {
  // `new URL` removes line breaks and tabs, and escapes other control characters, so that it would name another address.
  if (!PRINTABLE.test(url)) return 'must not contain spaces or control characters'
  const { protocol, username, password, hostname } = new URL(url)
  if (protocol !== 'https:' && !(allowHttp && protocol === 'http:')) return 'must begin with https://'
  if (username !== '' || password !== '') return 'must not contain a user name or password'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host) !== 0 && !allowsAddress(host)) return 'must not be in a private network'
  return null
}

/** Throws `VALIDATION_FAILED`. */
export function assertTarget(url: string, rule: TargetRule): void {
  const problem = targetProblem(url, rule)
  if (problem) throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'url', message: problem }] })
}

/** A list of networks (`10.0.0.0/8`, `fd00::/8`) or addresses, from the environment. */
export const networks = list.transform((entries, context) => {
  const found = new BlockList()
  for (const entry of entries) {
    if (!addNetwork(found, entry)) context.addIssue({ code: 'custom', message: `${entry} is not a network` })
  }
  return found
})

function addNetwork(to: BlockList, entry: string): boolean {
  const [network = '', prefix, ...rest] = entry.split('/')
  const version = isIP(network)
  const bits = version === 6 ? 128 : 32
  const length = prefix === undefined ? bits : Number(prefix)
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(prefix ?? '0') || length > bits) return false
  to.addSubnet(network, length, version === 6 ? 'ipv6' : 'ipv4')
  return true
}

const CONNECT_MS = 3000

/** The host has no address that is allowed. */
class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED'
}

/**
 * Connects only to addresses that `allows` accepts. They are checked when a connection is opened, and it goes to exactly the
 * checked address, so a name that resolves differently the next time (DNS rebinding) is no way around the check. Every
 * request has its own connection; redirects are not followed.
 */
export function guardedAgent(allows: AddressRule, resolve: ResolveHost = resolveHost): Agent {
  const connect = buildConnector({ timeout: CONNECT_MS, lookup: guardedLookup(allows, resolve) })
  return new Agent({
    pipelining: 0,
    connect(options, callback) {
      // An address is not looked up, so it is checked here.
      if (isIP(options.hostname) === 0 || allows(options.hostname)) return connect(options, callback)
      callback(new AddressRefused(), null)
    },
  })
}

function guardedLookup(allows: AddressRule, resolve: ResolveHost): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname).then(
      (addresses) => {
        const [first, ...others] = addresses
          .filter(allows)
          .map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
        if (!first) callback(new AddressRefused(), '')
        else if (all) callback(null, [first, ...others])
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    )
  }
}

/** All addresses of a host; rejects with the resolver's error, whose `code` is the reason. */
export type ResolveHost = (hostname: string) => Promise<string[]>

/**
 * Asks the name servers directly: `dns.lookup` would occupy one of libuv's few threads, which also write files, until a
 * foreign name server responds. In return `/etc/hosts` is not read.
 */
const resolveHost: ResolveHost = async (hostname) => {
  // RFC 6761 section 6.3: never sent to a name server.
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return ['127.0.0.1', '::1']
  const resolver = new Resolver({ timeout: 1000, tries: 2 })
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const [first] = answers
  if (addresses.length === 0 && first.status === 'rejected') throw first.reason
  return addresses
}
