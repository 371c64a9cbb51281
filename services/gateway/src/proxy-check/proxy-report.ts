import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Request } from 'express'
import { z } from 'zod'
import { clientAddress, normaliseAddress } from '../http/client-address.ts'

/** How the client's address was determined, and what is wrong with the proxy settings. */
export const ProxyReport = z.object({
  client: z
    .object({
      address: z.string().meta({ description: 'Address of the client.', example: '203.0.113.7' }),
      decidedBy: z
        .enum(['x-forwarded-for', 'connection'])
        .meta({ description: 'What the address was taken from.', example: 'connection' }),
      peer: z.string().meta({ description: 'Address of the other end of the connection.', example: '203.0.113.7' }),
      forwardedFor: z
        .string()
        .nullable()
        .meta({ description: 'The X-Forwarded-For header; null without one.', example: '203.0.113.7' }),
    })
    .meta({ description: 'The client as the gateway sees it.' }),
  trustedProxies: z.array(z.string()).meta({ description: 'Proxies whose header is trusted.', example: ['loopback'] }),
  warnings: z
    .array(
      z.object({
        code: z
          .enum(['SPOOFABLE', 'FORWARDED_FOR_IGNORED', 'ONE_ADDRESS'])
          .meta({ description: 'Code of the warning.', example: 'SPOOFABLE' }),
        detail: z.string().meta({ description: 'The warning as a sentence.', example: 'Anybody can set the header.' }),
      }),
    )
    .meta({ description: 'What is wrong with the proxy settings.' }),
})
export type ProxyReport = z.infer<typeof ProxyReport>
type Warning = ProxyReport['warnings'][number]

/** Reports on the client of this request, with the warnings that apply. Made for administrators. */
export function proxyReport(req: Request, trustedProxies: string[], callers: ForwardedCallers): ProxyReport {
  const peer = normaliseAddress(req.socket.remoteAddress ?? '')
  const forwardedFor = req.headers['x-forwarded-for']?.toString() ?? null
  // `req.ips` has the addresses from X-Forwarded-For that Express trusts; it is empty if the peer is not trusted.
  const decidedBy = req.ips.length > 0 ? 'x-forwarded-for' : 'connection'
  const warnings = spoofable(trustedProxies)
  if (forwardedFor !== null && decidedBy === 'connection') warnings.push(ignored(peer))
  if (callers.lookLikeOne()) warnings.push(ONE_ADDRESS)
  return { client: { address: clientAddress(req), decidedBy, peer, forwardedFor }, trustedProxies, warnings }
}

/** A warning for each entry of TRUSTED_PROXIES that includes public addresses. The gateway also logs them at the start. */
export function spoofable(trustedProxies: readonly string[]): Warning[] {
  return trustedProxies.filter(includesPublicAddresses).map((range) => ({
    code: 'SPOOFABLE',
    detail: `TRUSTED_PROXIES has ${range}: a client with a public address in it can claim any other address`,
  }))
}

function ignored(peer: string): Warning {
  return {
    code: 'FORWARDED_FOR_IGNORED',
    detail: `X-Forwarded-For came from ${peer}, which is not in TRUSTED_PROXIES, so it was ignored`,
  }
}

const ONE_ADDRESS: Warning = {
  code: 'ONE_ADDRESS',
  detail: 'All recent clients have one address, so they share one allowance. Is a proxy missing in TRUSTED_PROXIES?',
}

/** Requests that are remembered. */
const KEPT = 200
/** Characters of a header that are compared. */
const KEPT_CHARACTERS = 100

export interface ForwardedCallers {
  /** Remembers a request with X-Forwarded-For. */
  record(address: string, forwardedFor: string): void
  /** Whether all remembered requests have one client address although their X-Forwarded-For differs. */
  lookLikeOne(): boolean
}

/** Remembers the last 200 requests with X-Forwarded-For, in the memory of this process. */
export function forwardedCallers(): ForwardedCallers {
  const seen: { address: string; forwardedFor: string }[] = []
  let next = 0
  return {
    record(address, forwardedFor) {
      seen[next] = { address, forwardedFor: forwardedFor.slice(0, KEPT_CHARACTERS) }
      next = (next + 1) % KEPT
    },
    lookLikeOne() {
      const addresses = new Set(seen.map((it) => it.address))
      const forwarded = new Set(seen.map((it) => it.forwardedFor))
      return addresses.size === 1 && forwarded.size > 1
    },
  }
}

/** Names of networks that Express accepts besides addresses. */
const NAMED = ['loopback', 'linklocal', 'uniquelocal']

/** Networks that are not routed on the internet (RFC 6890). */
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
 * Whether an entry of TRUSTED_PROXIES, in the syntax of `proxy-addr`, is a network with public addresses: a client with one
 * of them could claim any other address. A single address is taken for that of a proxy, even if it is public.
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

/** Prefix length of a mask: 16 for `16` and for `255.255.0.0`. */
function prefixOf(mask: string): number {
  if (!mask.includes('.')) return Number(mask)
  const bits = mask.split('.').map((byte) => Number(byte).toString(2))
  return bits.join('').replaceAll('0', '').length
}
