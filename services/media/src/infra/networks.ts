import { BlockList, isIP } from 'node:net'
import { list } from '@kinora/common/service'

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
