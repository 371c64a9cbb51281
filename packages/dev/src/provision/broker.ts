import { BROKER_PERMISSIONS, BROKER_TOPIC_PERMISSIONS } from '@kinora/common/bus'
import { BROKER_USERS, type BrokerPasswords } from './identities.ts'
import { managementApi } from './management-api.ts'

export type BrokerProvision = { vhost: string; passwords: BrokerPasswords }

/** Makes, or makes good, the vhost and the four services' users, each with no more rights than its service needs. */
export async function provisionBroker(managementUrl: string, { vhost, passwords }: BrokerProvision): Promise<void> {
  const api = managementApi(managementUrl)
  const vhostPath = encodeURIComponent(vhost)
  await api.request('PUT', `/vhosts/${vhostPath}`, {})
  for (const user of BROKER_USERS) {
    await api.request('PUT', `/users/${user}`, { password: passwords[user], tags: '' })
    await api.request('PUT', `/permissions/${vhostPath}/${user}`, BROKER_PERMISSIONS[user])
    await api.request('PUT', `/topic-permissions/${vhostPath}/${user}`, BROKER_TOPIC_PERMISSIONS[user])
  }
}

export async function removeVhost(managementUrl: string, vhost: string): Promise<void> {
  await managementApi(managementUrl).request('DELETE', `/vhosts/${encodeURIComponent(vhost)}`)
}
