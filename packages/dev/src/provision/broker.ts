import { brokerPermissions, brokerTopology, topicPermissions } from '@kinora/common/bus'
import { events } from '@kinora/common/contracts'
import { BROKER_USERS, type BrokerPasswords } from './identities.ts'
import { type ManagementApi, managementApi } from './management-api.ts'

export type BrokerProvision = { vhost: string; passwords: BrokerPasswords }

/**
 * Creates or corrects the vhost, its exchanges, queues and bindings, and its users, each with no more rights than it needs.
 * Bindings of events that an older version subscribed to are left.
 */
export async function provisionBroker(managementUrl: string, { vhost, passwords }: BrokerProvision): Promise<void> {
  const api = managementApi(managementUrl)
  const vhostPath = encodeURIComponent(vhost)
  await api.request('PUT', `/vhosts/${vhostPath}`, {})
  const known = Object.values(events)
  await api.request('POST', `/definitions/${vhostPath}`, brokerTopology(known))
  for (const user of BROKER_USERS) {
    await putUser(api, user, passwords[user])
    await api.request('PUT', `/permissions/${vhostPath}/${user}`, brokerPermissions(user, known))
    for (const permissions of topicPermissions(user, known)) {
      await api.request('PUT', `/topic-permissions/${vhostPath}/${user}`, permissions)
    }
  }
}

/** Of two that make the same user at once RabbitMQ 3.10 answers one with 400; asked again it finds the user there. */
async function putUser(api: ManagementApi, user: string, password: string): Promise<void> {
  const put = () => api.request('PUT', `/users/${user}`, { password, tags: '' })
  await put().catch(put)
}

export async function removeVhost(managementUrl: string, vhost: string): Promise<void> {
  await managementApi(managementUrl).request('DELETE', `/vhosts/${encodeURIComponent(vhost)}`)
}
