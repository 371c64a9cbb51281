import { Resolver } from 'node:dns/promises'

/** All addresses of a host; rejects with the resolver's error, whose `code` says why. */
export type ResolveHost = (hostname: string) => Promise<string[]>

/**
 * Asks the name servers directly: `dns.lookup` would occupy one of libuv's few threads, which also write files, for as long
 * as a stranger's name server likes. The price is that `/etc/hosts` is not read.
 */
export const resolveHost: ResolveHost = async (hostname) => {
  // RFC 6761 section 6.3: never asked of a name server.
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return ['127.0.0.1', '::1']
  const resolver = new Resolver({ timeout: 1000, tries: 2 })
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const [first] = answers
  if (addresses.length === 0 && first.status === 'rejected') throw first.reason
  return addresses
}
