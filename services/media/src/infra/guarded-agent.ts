import { isIP, isIPv6, type LookupFunction } from 'node:net'
import { Agent, buildConnector } from 'undici'
import { type ResolveHost, resolveHost } from './resolve-host.ts'
import type { AddressRule } from './webhook-address.ts'

const CONNECT_MS = 3000

/** The host has no address to which something may be sent. */
class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED'
}

/**
 * Connects to nothing but addresses that `allows` lets through. They are checked where the connection is made, which goes to
 * the very address that was checked, so a name that leads elsewhere the next time it is asked for (DNS rebinding) gains
 * nothing. Every request has a connection of its own; redirects are not followed.
 */
export function guardedAgent(allows: AddressRule, resolve: ResolveHost = resolveHost): Agent {
  const connect = buildConnector({ timeout: CONNECT_MS, lookup: guardedLookup(allows, resolve) })
  return new Agent({
    pipelining: 0,
    connect(options, callback) {
      // What is an address already is not looked up.
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
