import { BROKER_PERMISSIONS, BROKER_TOPIC_PERMISSIONS } from '@kinora/common/bus'
import { BROKER_USERS, type BrokerPasswords } from './identities.ts'
import { type ManagementApi, managementApi } from './management-api.ts'

export type BrokerProvision = { vhost: string; passwords: BrokerPasswords }

/** Makes, or makes good, the vhost and its users, each with no more rights than it needs. */
export async function provisionBroker(managementUrl: string, { vhost, passwords }: BrokerProvision): Promise<void> {
  const api = managementApi(managementUrl)
  const vhostPath = encodeURIComponent(vhost)
  await api.request('PUT', `/vhosts/${vhostPath}`, {})
  for (const user of BROKER_USERS) {
    await putUser(api, user, passwords[user])
    await api.request('PUT', `/permissions/${vhostPath}/${user}`, BROKER_PERMISSIONS[user])
    await api.request('PUT', `/topic-permissions/${vhostPath}/${user}`, BROKER_TOPIC_PERMISSIONS[user])
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
