import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Request } from 'express'
import { z } from 'zod'
import { clientAddress, normaliseAddress } from '../http/client-address.ts'

/** How the address of whoever asks was found, and what is wrong with how it is found. */
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

export function proxyReport(req: Request, trustedProxies: string[], callers: ForwardedCallers): ProxyReport {
  const peer = normaliseAddress(req.socket.remoteAddress ?? '')
  const forwardedFor = req.headers['x-forwarded-for']?.toString() ?? null
  // Express lists whom it believes to be on the way; the client is among them when its proxy is trusted.
  const decidedBy = req.ips.length > 0 ? 'x-forwarded-for' : 'connection'
  const warnings = spoofable(trustedProxies)
  if (forwardedFor !== null && decidedBy === 'connection') warnings.push(ignored(peer))
  if (callers.lookLikeOne()) warnings.push(ONE_ADDRESS)
  return { client: { address: clientAddress(req), decidedBy, peer, forwardedFor }, trustedProxies, warnings }
}

/** Also told at the start. */
export function spoofable(trustedProxies: readonly string[]): Warning[] {
  return trustedProxies.filter(includesPublicAddresses).map((range) => ({
    code: 'SPOOFABLE',
    detail: `TRUSTED_PROXIES has ${range}: whoever has a public address in it can claim to come from any address`,
  }))
}

function ignored(peer: string): Warning {
  return {
    code: 'FORWARDED_FOR_IGNORED',
    detail: `X-Forwarded-For came from ${peer}, which is not in TRUSTED_PROXIES, so it was not believed`,
  }
}

const ONE_ADDRESS: Warning = {
  code: 'ONE_ADDRESS',
  detail:
    'All recent callers look like one address, so they share one allowance; is a proxy missing in TRUSTED_PROXIES?',
}

const KEPT = 200
/** Enough of a header to tell two apart. */
const KEPT_CHARACTERS = 100

export interface ForwardedCallers {
  /** One that came with X-Forwarded-For. */
  note(address: string, forwardedFor: string): void
  /** Whether all that were seen lately look like one client, although what they forward says otherwise. */
  lookLikeOne(): boolean
}

/** The latest requests that came with X-Forwarded-For, in the memory of this process only. */
export function forwardedCallers(): ForwardedCallers {
  const seen: { address: string; forwardedFor: string }[] = []
  let next = 0
  return {
    note(address, forwardedFor) {
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
