import type { Request } from 'express'
import { z } from 'zod'
import { clientAddress, normaliseAddress } from '../http/client-address.ts'
import type { ForwardedCallers } from './forwarded-callers.ts'
import { includesPublicAddresses } from './trusted-range.ts'

/** How the address of whoever asks was found, and what is wrong with how it is found. */
export const ProxyReport = z.object({
  client: z.object({
    /** What is counted and written down. */
    address: z.string(),
    decidedBy: z.enum(['x-forwarded-for', 'connection']),
    /** The other end of the TCP connection. */
    peer: z.string(),
    forwardedFor: z.string().nullable(),
  }),
  trustedProxies: z.array(z.string()),
  warnings: z.array(
    z.object({ code: z.enum(['SPOOFABLE', 'FORWARDED_FOR_IGNORED', 'ONE_ADDRESS']), detail: z.string() }),
  ),
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
